import AisCore
import AisFormats
import AisNetworks
import Foundation

/// Takes a user's architecture into the folder where the program looks for them. For programs this is the user's word that they may
/// be run.
package struct ArchitectureImport: Sendable {
  /// The folder; it is made if it is not there.
  package var folder: String
  /// The interpreter for `.py` files; it has Keras.
  package var python = "python3"
  package var replaces = false
  /// Without it nothing is run: programs are refused, in whichever file they come.
  package var allowsPrograms = true
  /// Seconds that a program may take; `nil`: as long as it likes.
  package var patience: Double?

  package init(folder: String) { self.folder = folder }

  /// What was taken in, and the file that keeps it.
  package struct Result: Sendable {
    package var architecture: Architecture
    package var path: String
  }

  /// A `.json` file is read; a `.py` file is run in the user's own Python: a network of layers that it builds is read and the program
  /// forgotten, a model of its own is asked for one box and the program kept. Of a `.scnm` the program that computes it is taken.
  package func add(_ path: String) throws(AisError) -> Result {
    guard FileManager.default.fileExists(atPath: path) else {
      throw AisError(
        .notFound, "'\(path)' is not there. Expected a .json or .py file, or a .scnm whose model is a program")
    }
    let kind = (path as NSString).pathExtension.lowercased()
    if !allowsPrograms, kind == "py" || kind == "scnm" { throw notAllowed(path) }
    let user: UserArchitectureFile =
      switch kind {
      case "py": try built(by: path)
      case "scnm": try program(of: path)
      default: try UserArchitectureFile(path: path)
      }
    let architecture = try user.architecture()
    if let known = try? Architecture.named(user.title) {
      throw AisError(
        .needsDecision, "the program has an architecture '\(known.name)' of its own: give yours another title")
    }
    let target = folder + "/" + OutputName.safe(user.title) + ".json"
    guard replaces || !FileManager.default.fileExists(atPath: target) else {
      throw AisError(
        .needsDecision, "there is an architecture '\(user.title)' already ('\(target)'). Use '--force' to replace it")
    }
    let document: JSONValue
    switch user {
    case .layers(let layers): document = layers.json
    case .program(let program):
      guard allowsPrograms else { throw notAllowed(path) }
      try tryOut(program)
      document = CustomModelStore.document(program, python: try interpreter())
    }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw AisError(.fileSystem, "the folder '\(folder)' cannot be made: \(error.localizedDescription)")
    }
    try AtomicFile.write(Array((document.text + "\n").utf8), to: target)
    return Result(architecture: architecture, path: target)
  }

  private func notAllowed(_ path: String) -> AisError {
    AisError(
      .notAllowed,
      "'\(path)' is a program, and this program was not started to run those. Add it in a terminal, 'ais architectures add \(shellWord(path))', or "
        + "start with '--allow-programs'")
  }

  private func program(of path: String) throws(AisError) -> UserArchitectureFile {
    guard let model = try ModelFile.read(path).graph.customModel else {
      throw AisError(
        .usage,
        "the model in '\(path)' is a network of layers: it needs nothing added, and trains on with 'ais train --from'")
    }
    return .program(model.program)
  }

  /// Has the model of a program answer one box, so that what is wrong is said now.
  private func tryOut(_ program: CustomProgram) throws(AisError) {
    let side = (64 + program.sideMultiple - 1) / program.sideMultiple * program.sideMultiple
    let model = CustomModel(program: program, boxSize: side)
    let worker = try CustomModelWorker(model, python: interpreter(), threads: 1)
    defer { worker.end() }
    let depth = program.takesSlabs ? 4 : 1
    let noise = (0..<depth * side * side).map { Float(($0 &* 7919) % 97) / 48.5 - 1 }
    _ = try worker.predict(noise, count: 1, depth: depth, height: side, width: side)
  }

  /// The interpreter by its path: later runs may have another search path.
  private func interpreter() throws(AisError) -> String {
    if python.contains("/") {
      return URL(filePath: python).standardizedFileURL.path
    }
    let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin").split(separator: ":")
    for folder in folders where FileManager.default.isExecutableFile(atPath: "\(folder)/\(python)") {
      return "\(folder)/\(python)"
    }
    throw AisError(.engineUnavailable, "there is no '\(python)' to run programs with. Name another with '--python'")
  }

  /// Runs a program's `create` and reads the network that comes out of it.
  private func built(by path: String) throws(AisError) -> UserArchitectureFile {
    let answer = FileManager.default.temporaryDirectory.appending(path: "ais-architecture-\(UUID().uuidString).json")
    defer { try? FileManager.default.removeItem(at: answer) }
    let process = Process()
    // Through env, so that a name is looked for as a shell would.
    process.executableURL = URL(filePath: "/usr/bin/env")
    process.arguments = [python, "-c", Self.program, path, answer.path]
    process.standardInput = FileHandle.nullDevice
    let words = Pipe()
    process.standardOutput = words
    process.standardError = words
    do { try process.run() } catch {
      throw AisError(
        .engineUnavailable, "'\(python)' cannot be run: \(error.localizedDescription). Name another with '--python'")
    }
    let identifier = process.processIdentifier
    let watchdog = DispatchWorkItem { kill(identifier, SIGKILL) }
    if let patience { DispatchQueue.global().asyncAfter(deadline: .now() + patience, execute: watchdog) }
    let said = String(decoding: words.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    watchdog.cancel()
    if let patience, process.terminationReason == .uncaughtSignal, process.terminationStatus == SIGKILL {
      throw AisError(.engineFailed, "'\(path)' was run with '\(python)' and did not end within \(Int(patience)) s")
    }
    guard process.terminationStatus == 0 else {
      let last = said.split(whereSeparator: \.isNewline).suffix(12).joined(separator: "\n")
      throw AisError(
        .engineFailed,
        "'\(path)' was run with '\(python)' and failed (exit code \(process.terminationStatus)). It needs a Python with Keras, named "
          + "with '--python'. Its last words:\n\(last)")
    }
    let bytes = try RandomAccessFile(answer.path).contents(limit: 64 << 20)
    let name = OutputName.stem(of: path)
    return try UserArchitectureFile(JSONValue(parsing: bytes, name: path), title: name, file: path)
  }

  /// What the user's Python is given: it loads the file, has it create a network for one slice of 64 × 64 pixels, and writes down
  /// what Keras says of it.
  private static let program = """
    from importlib import util
    from json import dump, loads
    from os import environ, path as paths
    from sys import argv, exit, path as places
    environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")
    path, answer = argv[1:3]
    places.insert(0, paths.dirname(paths.abspath(path)))
    spec = util.spec_from_file_location("ais_architecture", path)
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    METHODS = ("count_params", "fit", "predict", "save", "load")
    create = getattr(module, "create", None)
    if create is None:
        classes = [c for c in vars(module).values() if isinstance(c, type) and c.__module__ == "ais_architecture"
                   and all(callable(getattr(c, name, None)) for name in METHODS)]
        create = classes[0] if len(classes) == 1 else None
    if not callable(create):
        exit("the file has neither a function create(input_shape) nor exactly one class with " + ", ".join(METHODS))
    multiple = int(getattr(module, "multiple", 1))
    side = -(-64 // max(multiple, 1)) * max(multiple, 1)
    model = create((side, side, 4 if getattr(module, "dimensionality", 2) == 3 else 1))
    document = {
        "title": str(getattr(module, "title", paths.splitext(paths.basename(path))[0])),
        "include": bool(getattr(module, "include", True)),
    }
    if hasattr(model, "to_json"):
        document.update(
            schema="ais.architecture/1", summary=str(getattr(module, "summary", "a layout of your own")),
            model=loads(model.to_json()))
    else:
        missing = [name for name in METHODS if not callable(getattr(model, name, None))]
        if missing:
            exit("create(input_shape) gave a " + type(model).__name__ + ", which is no Keras model, and to be a model of its own it has no "
                 + ", no ".join(missing))
        with open(path, encoding="utf-8") as file:
            source = file.read()
        document.update(
            schema="ais.custom-model/1", summary=str(getattr(module, "summary", "a program of your own")), source=source,
            file=paths.basename(path), parameters=int(model.count_params()), multiple=multiple,
            dimensions=int(getattr(module, "dimensionality", 2)), reach=int(getattr(module, "reach", 64)),
            patience=float(getattr(module, "patience", 600)))
    optimizer = getattr(model, "optimizer", None)
    if optimizer is not None:
        try:
            document["learning_rate"] = float(optimizer.learning_rate)
        except (AttributeError, TypeError, ValueError):
            pass
    loss = getattr(model, "loss", None)
    if loss is not None:
        document["loss"] = loss if isinstance(loss, str) else getattr(loss, "__name__", type(loss).__name__)
    with open(answer, "w") as file:
        dump(document, file)
    """
}
