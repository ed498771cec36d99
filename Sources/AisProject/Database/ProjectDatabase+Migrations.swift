import GRDB

extension ProjectDatabase {
  /// The steps from an empty file to today's tables. A step that was released never changes; new ones are added below.
  static let migrator: DatabaseMigrator = {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1 datasets, features, annotations, journal") { db in
      try db.execute(sql: firstTables)
      try db.execute(sql: firstJournal)
    }
    migrator.registerMigration("2 models, rules, training sets") { db in try db.execute(sql: modelTables) }
    return migrator
  }()

  /// Every table but `project` and `mask` is made of registers: a cell is what the latest edit that counts said of it.
  /// `live` is 0 for what was deleted, or whose making was undone.
  private static let firstTables = """
    CREATE TABLE project (
      id INTEGER PRIMARY KEY CHECK (id = 1),
      uid TEXT NOT NULL,
      created_ms INTEGER NOT NULL,
      program TEXT NOT NULL
    );
    CREATE TABLE dataset (
      id INTEGER PRIMARY KEY,
      live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
      name TEXT NOT NULL CHECK (length(name) > 0),
      position REAL NOT NULL DEFAULT 0,
      size_z INTEGER NOT NULL CHECK (size_z > 0),
      size_y INTEGER NOT NULL CHECK (size_y > 0),
      size_x INTEGER NOT NULL CHECK (size_x > 0),
      voxel_size_z_angstrom REAL CHECK (voxel_size_z_angstrom > 0),
      voxel_size_y_angstrom REAL CHECK (voxel_size_y_angstrom > 0),
      voxel_size_x_angstrom REAL CHECK (voxel_size_x_angstrom > 0)
    );
    CREATE TABLE version (
      id INTEGER PRIMARY KEY,
      live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
      dataset INTEGER NOT NULL REFERENCES dataset (id),
      kind TEXT NOT NULL CHECK (kind IN ('raw', 'denoised', 'deconvolved', 'corrected', 'even', 'odd', 'other')),
      title TEXT NOT NULL DEFAULT '',
      position REAL NOT NULL DEFAULT 0,
      path TEXT NOT NULL CHECK (length(path) > 0),
      relative_path TEXT,
      byte_count INTEGER NOT NULL CHECK (byte_count >= 0),
      modified REAL NOT NULL,
      sample_hash TEXT NOT NULL,
      size_z INTEGER NOT NULL CHECK (size_z > 0),
      size_y INTEGER NOT NULL CHECK (size_y > 0),
      size_x INTEGER NOT NULL CHECK (size_x > 0),
      voxel_size_z_angstrom REAL CHECK (voxel_size_z_angstrom > 0),
      voxel_size_y_angstrom REAL CHECK (voxel_size_y_angstrom > 0),
      voxel_size_x_angstrom REAL CHECK (voxel_size_x_angstrom > 0),
      scale_up INTEGER NOT NULL DEFAULT 1 CHECK (scale_up > 0),
      scale_down INTEGER NOT NULL DEFAULT 1 CHECK (scale_down > 0)
    );
    CREATE INDEX version_by_dataset ON version (dataset);
    CREATE TABLE feature (
      id INTEGER PRIMARY KEY,
      live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
      title TEXT NOT NULL CHECK (length(title) > 0),
      position REAL NOT NULL DEFAULT 0,
      red REAL NOT NULL DEFAULT 1 CHECK (red BETWEEN 0 AND 1),
      green REAL NOT NULL DEFAULT 1 CHECK (green BETWEEN 0 AND 1),
      blue REAL NOT NULL DEFAULT 1 CHECK (blue BETWEEN 0 AND 1),
      opacity REAL NOT NULL DEFAULT 1 CHECK (opacity BETWEEN 0 AND 1),
      is_visible INTEGER NOT NULL DEFAULT 1 CHECK (is_visible IN (0, 1)),
      is_outline INTEGER NOT NULL DEFAULT 0 CHECK (is_outline IN (0, 1)),
      shows_boxes INTEGER NOT NULL DEFAULT 1 CHECK (shows_boxes IN (0, 1)),
      is_collapsed INTEGER NOT NULL DEFAULT 0 CHECK (is_collapsed IN (0, 1)),
      is_flood INTEGER NOT NULL DEFAULT 0 CHECK (is_flood IN (0, 1)),
      flood_sensitivity REAL NOT NULL DEFAULT 50 CHECK (flood_sensitivity BETWEEN 0 AND 100),
      brush_radius REAL NOT NULL DEFAULT 10 CHECK (brush_radius > 0),
      box_size INTEGER NOT NULL DEFAULT 64 CHECK (box_size > 0)
    );
    CREATE TABLE layer (
      id INTEGER PRIMARY KEY,
      live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
      dataset INTEGER NOT NULL REFERENCES dataset (id),
      feature INTEGER NOT NULL REFERENCES feature (id),
      box_size INTEGER CHECK (box_size > 0),
      UNIQUE (dataset, feature)
    );
    CREATE TABLE box (
      id INTEGER PRIMARY KEY,
      live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
      dataset INTEGER NOT NULL REFERENCES dataset (id),
      feature INTEGER NOT NULL REFERENCES feature (id),
      z INTEGER NOT NULL CHECK (z >= 0),
      y REAL NOT NULL,
      x REAL NOT NULL
    );
    CREATE INDEX box_by_slice ON box (dataset, feature, z) WHERE live = 1;
    CREATE TABLE view (
      id INTEGER PRIMARY KEY,
      live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
      dataset INTEGER NOT NULL REFERENCES dataset (id),
      author TEXT NOT NULL,
      z REAL, y REAL, x REAL,
      zoom REAL CHECK (zoom > 0),
      black REAL,
      white REAL,
      has_auto_contrast INTEGER NOT NULL DEFAULT 1 CHECK (has_auto_contrast IN (0, 1)),
      is_inverted INTEGER NOT NULL DEFAULT 0 CHECK (is_inverted IN (0, 1)),
      interpolates INTEGER NOT NULL DEFAULT 0 CHECK (interpolates IN (0, 1)),
      version INTEGER,
      filters TEXT,
      extras TEXT,
      UNIQUE (dataset, author)
    );
    CREATE TABLE library (
      id INTEGER PRIMARY KEY,
      live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
      name TEXT NOT NULL CHECK (length(name) > 0),
      is_active INTEGER NOT NULL DEFAULT 0 CHECK (is_active IN (0, 1))
    );
    CREATE TABLE library_feature (
      id INTEGER PRIMARY KEY,
      live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
      library INTEGER NOT NULL REFERENCES library (id),
      position REAL NOT NULL DEFAULT 0,
      title TEXT NOT NULL CHECK (length(title) > 0),
      red REAL NOT NULL DEFAULT 1 CHECK (red BETWEEN 0 AND 1),
      green REAL NOT NULL DEFAULT 1 CHECK (green BETWEEN 0 AND 1),
      blue REAL NOT NULL DEFAULT 1 CHECK (blue BETWEEN 0 AND 1),
      opacity REAL NOT NULL DEFAULT 1 CHECK (opacity BETWEEN 0 AND 1),
      brush_nanometer REAL NOT NULL DEFAULT 10 CHECK (brush_nanometer > 0),
      box_size INTEGER NOT NULL DEFAULT 128 CHECK (box_size > 0),
      is_used INTEGER NOT NULL DEFAULT 1 CHECK (is_used IN (0, 1)),
      level REAL NOT NULL DEFAULT 128,
      dust_cubic_nanometer REAL NOT NULL DEFAULT 1 CHECK (dust_cubic_nanometer >= 0),
      surface_opacity REAL NOT NULL DEFAULT 1 CHECK (surface_opacity BETWEEN 0 AND 1),
      is_surface_hidden INTEGER NOT NULL DEFAULT 0 CHECK (is_surface_hidden IN (0, 1))
    );
    CREATE INDEX library_feature_by_library ON library_feature (library);
    CREATE TABLE setting (
      id INTEGER PRIMARY KEY,
      live INTEGER NOT NULL DEFAULT 0 CHECK (live IN (0, 1)),
      author TEXT NOT NULL DEFAULT '',
      name TEXT NOT NULL CHECK (length(name) > 0),
      value TEXT,
      UNIQUE (author, name)
    );
    CREATE TABLE mask (
      dataset INTEGER NOT NULL REFERENCES dataset (id),
      feature INTEGER NOT NULL REFERENCES feature (id),
      z INTEGER NOT NULL CHECK (z >= 0),
      pixel_count INTEGER NOT NULL CHECK (pixel_count > 0),
      pixels BLOB NOT NULL,
      PRIMARY KEY (dataset, feature, z)
    );
    """

  private static let firstJournal = """
    CREATE TABLE journal (
      seq INTEGER PRIMARY KEY,
      time_ms INTEGER NOT NULL,
      author TEXT NOT NULL,
      client TEXT NOT NULL DEFAULT '',
      action TEXT NOT NULL CHECK (action IN ('edit', 'undo', 'redo')),
      kind TEXT NOT NULL,
      label TEXT,
      target INTEGER REFERENCES journal (seq) CHECK ((target IS NULL) = (action = 'edit')),
      token TEXT UNIQUE,
      is_undoable INTEGER NOT NULL CHECK (is_undoable IN (0, 1)),
      dataset INTEGER,
      feature INTEGER,
      z INTEGER
    );
    CREATE INDEX journal_by_author ON journal (author, seq);
    CREATE INDEX journal_by_target ON journal (target, seq) WHERE target IS NOT NULL;
    CREATE TABLE journal_value (
      seq INTEGER NOT NULL REFERENCES journal (seq),
      record TEXT NOT NULL,
      id INTEGER NOT NULL,
      field TEXT NOT NULL,
      part INTEGER NOT NULL,
      value,
      PRIMARY KEY (record, id, field, seq, part)
    ) WITHOUT ROWID;
    CREATE INDEX journal_value_by_seq ON journal_value (seq);
    CREATE TABLE journal_mask (
      dataset INTEGER NOT NULL,
      feature INTEGER NOT NULL,
      z INTEGER NOT NULL CHECK (z >= 0),
      seq INTEGER NOT NULL REFERENCES journal (seq),
      part INTEGER NOT NULL,
      y INTEGER NOT NULL CHECK (y >= 0),
      x INTEGER NOT NULL CHECK (x >= 0),
      height INTEGER NOT NULL CHECK (height > 0),
      width INTEGER NOT NULL CHECK (width > 0),
      painted BLOB NOT NULL,
      erased BLOB NOT NULL,
      PRIMARY KEY (dataset, feature, z, seq, part)
    );
    CREATE INDEX journal_mask_by_seq ON journal_mask (seq);
    CREATE TABLE undone (seq INTEGER PRIMARY KEY REFERENCES journal (seq));

    CREATE TRIGGER journal_is_kept_1 BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
    CREATE TRIGGER journal_is_kept_2 BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
    CREATE TRIGGER journal_value_is_kept_1 BEFORE UPDATE ON journal_value
      BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
    CREATE TRIGGER journal_value_is_kept_2 BEFORE DELETE ON journal_value
      BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
    CREATE TRIGGER journal_mask_is_kept_1 BEFORE UPDATE ON journal_mask
      BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
    CREATE TRIGGER journal_mask_is_kept_2 BEFORE DELETE ON journal_mask
      BEGIN SELECT RAISE(ABORT, 'the journal only grows'); END;
    """
}
