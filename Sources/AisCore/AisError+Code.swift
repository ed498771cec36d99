extension AisError {
  /// What kind of thing went wrong, for programs. Every code of the program is in this file.
  package struct Code: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    package var rawValue: String
    package init(rawValue: String) { self.rawValue = rawValue }
    package var description: String { rawValue }

    // Files.
    /// The file or folder is not there.
    package static let notFound = Code(rawValue: "not-found")
    /// The operating system refused to read, write or list (EIO, ESTALE, EACCES, …).
    package static let fileSystem = Code(rawValue: "file-system")
    /// The disk is full or a quota is reached.
    package static let diskFull = Code(rawValue: "disk-full")
    /// The file ends before its header says so, or shrank while it was read.
    package static let truncated = Code(rawValue: "truncated")
    /// The file is not the one any more that was noted.
    package static let changed = Code(rawValue: "changed")
    /// The bytes are not what the format promises.
    package static let malformed = Code(rawValue: "malformed")
    /// A well-formed file of a kind that the program does not handle.
    package static let unsupported = Code(rawValue: "unsupported")
    /// The file asks for more than a limit of the program (archive bombs, giant dimensions).
    package static let limitExceeded = Code(rawValue: "limit-exceeded")

    // Networks.
    /// The network holds a layer or setting that cannot be run.
    package static let unsupportedLayer = Code(rawValue: "unsupported-layer")
    /// Shapes do not fit: weights against layers, or input against network.
    package static let shapeMismatch = Code(rawValue: "shape-mismatch")
    /// A training's loss was no number before anything was learned.
    package static let trainingDiverged = Code(rawValue: "training-diverged")

    // The server.
    /// A path leads out of the folders that the server was given.
    package static let outsideRoots = Code(rawValue: "outside-roots")
    /// A request has no token, comes from another site, or asks under another host's name.
    package static let notAllowed = Code(rawValue: "not-allowed")
    /// The program is stopping and takes no more requests.
    package static let stopping = Code(rawValue: "stopping")

    // Work.
    /// An option or argument does not make sense.
    package static let usage = Code(rawValue: "usage")
    /// The work does not fit the memory that was allowed.
    package static let outOfMemory = Code(rawValue: "out-of-memory")
    /// Something must be decided by the user before work can go on (unknown voxel size, name clash, …).
    package static let needsDecision = Code(rawValue: "needs-decision")
    /// Another program has the project open.
    package static let inUse = Code(rawValue: "in-use")
    /// The user or the scheduler asked to stop.
    package static let cancelled = Code(rawValue: "cancelled")
    /// Some of the tasks of a run failed; each has its own error.
    package static let someFailed = Code(rawValue: "some-failed")
    /// The process that worked on a task of a batch ended without a word.
    package static let workerLost = Code(rawValue: "worker-lost")
    /// An engine failed in its own way on what it was asked to compute.
    package static let engineFailed = Code(rawValue: "engine-failed")
    /// The process that an engine runs in ended without a word.
    package static let engineLost = Code(rawValue: "engine-lost")
    /// A device or engine is not there or cannot be used.
    package static let engineUnavailable = Code(rawValue: "engine-unavailable")
    /// A scheduler is not there or gives no answer.
    package static let schedulerUnavailable = Code(rawValue: "scheduler-unavailable")
    /// A scheduler does not take a job.
    package static let schedulerRefused = Code(rawValue: "scheduler-refused")
  }
}
