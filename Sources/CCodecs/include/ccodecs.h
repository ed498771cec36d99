// One door to the native codec libraries: zlib, bzip2, libpng, libtiff, libarchive, nettle.
#ifndef CCODECS_H
#define CCODECS_H
#include <archive.h>
#include <archive_entry.h>
#include <bzlib.h>
#include <nettle/md5.h>
#include <nettle/sha2.h>
#include <zlib.h>

#include "ccodecs_files.h"
#include "ccodecs_memory.h"
#include "ccodecs_png.h"
#include "ccodecs_tiff.h"
#endif
