extension ProjectDatabase {
  /// Networks, what they do to each other, and what they learn from: registers like the tables before them.
  static let modelTables = """
    CREATE TABLE model (
      id INTEGER PRIMARY KEY,
      live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
      title TEXT NOT NULL CHECK (length(title) > 0),
      position REAL NOT NULL DEFAULT 0,
      red REAL NOT NULL DEFAULT 1 CHECK (red BETWEEN 0 AND 1),
      green REAL NOT NULL DEFAULT 1 CHECK (green BETWEEN 0 AND 1),
      blue REAL NOT NULL DEFAULT 1 CHECK (blue BETWEEN 0 AND 1),
      opacity REAL NOT NULL DEFAULT 0.75 CHECK (opacity BETWEEN 0 AND 1),
      threshold REAL NOT NULL DEFAULT 0.5 CHECK (threshold BETWEEN 0 AND 1),
      is_active INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
      is_visible INTEGER NOT NULL DEFAULT 1 CHECK (is_visible IN (0, 1)),
      is_blended INTEGER NOT NULL DEFAULT 0 CHECK (is_blended IN (0, 1)),
      emits INTEGER NOT NULL DEFAULT 0 CHECK (emits IN (0, 1)),
      absorbs INTEGER NOT NULL DEFAULT 0 CHECK (absorbs IN (0, 1)),
      feature INTEGER REFERENCES feature (id),
      augmentations INTEGER NOT NULL DEFAULT 1 CHECK (augmentations BETWEEN 1 AND 8),
      tiling TEXT NOT NULL DEFAULT 'standard' CHECK (tiling IN ('standard', 'exact')),
      processing_voxel_size_angstrom REAL CHECK (processing_voxel_size_angstrom >= 0),
      file TEXT CHECK (file NOT LIKE '%/%'),
      network TEXT,
      training TEXT,
      source TEXT
    );
    CREATE TABLE rule (
      id INTEGER PRIMARY KEY,
      live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
      position REAL NOT NULL DEFAULT 0,
      kind TEXT NOT NULL CHECK (kind IN ('avoid', 'colocalize')),
      child INTEGER NOT NULL REFERENCES model (id),
      parent INTEGER NOT NULL REFERENCES model (id),
      radius_nanometer REAL NOT NULL DEFAULT 10 CHECK (radius_nanometer BETWEEN 0 AND 10000),
      threshold REAL NOT NULL DEFAULT 0.5 CHECK (threshold BETWEEN 0 AND 1)
    );
    CREATE TABLE training_set (
      id INTEGER PRIMARY KEY,
      live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
      title TEXT NOT NULL CHECK (length(title) > 0),
      position REAL NOT NULL DEFAULT 0,
      box_size INTEGER NOT NULL DEFAULT 64 CHECK (box_size BETWEEN 8 AND 4096),
      depth INTEGER NOT NULL DEFAULT 1 CHECK (depth BETWEEN 1 AND 512),
      pixel_size_angstrom REAL NOT NULL DEFAULT 10 CHECK (pixel_size_angstrom > 0 AND pixel_size_angstrom <= 1000),
      roles TEXT NOT NULL DEFAULT '{}',
      datasets TEXT,
      takes_versions INTEGER NOT NULL DEFAULT 0 CHECK (takes_versions IN (0, 1))
    );
    """
}
