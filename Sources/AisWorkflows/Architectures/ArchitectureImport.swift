import AisCore
import AisFormats
import AisNetworks
import Foundation

/// Takes a user's architecture into the folder where the program looks for them.
package struct ArchitectureImport: Sendable {
  /// The folder; it is made if it is not there.
  package var folder: String
  /// The interpreter for `.py` files; it has Keras.
  package var python = "python3"
  package var replaces = false

  package init(folder: String) { self.folder = folder }

  /// What was taken in, and the file that keeps it.
  package struct Result: Sendable {
    package var architecture: Architecture
    package var path: String
  }

  /// A `.json` file is read; a `.py` file is run, once, in the user's own Python, and the network that it builds is read.
  package func add(_ path: String) throws(AisError) -> Result {
    guard FileManager.default.fileExists(atPath: path) else {
      throw AisError(.notFound, "'\(path)' is not there. Expected a .json or .py file")
    }
    let user = path.lowercased().hasSuffix(".py") ? try built(by: path) : try UserArchitecture(path: path)
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
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    } catch {
      throw AisError(.fileSystem, "the folder '\(folder)' cannot be made: \(error.localizedDescription)")
    }
    try AtomicFile.write(Array((user.json.text + "\n").utf8), to: target)
    return Result(architecture: architecture, path: target)
  }

  /// Runs a program's `create` and reads the network that comes out of it.
  private func built(by path: String) throws(AisError) -> UserArchitecture {
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
    let said = String(decoding: words.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let last = said.split(whereSeparator: \.isNewline).suffix(12).joined(separator: "\n")
      throw AisError(
        .engineFailed,
        "'\(path)' was run with '\(python)' and failed (exit code \(process.terminationStatus)). It needs a Python with Keras, named "
          + "with '--python'. Its last words:\n\(last)")
    }
    let bytes = try RandomAccessFile(answer.path).contents(limit: 64 << 20)
    let name = OutputName.stem(of: path)
    return try UserArchitecture(JSONValue(parsing: bytes, name: path), title: name, file: path)
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
    if not callable(getattr(module, "create", None)):
        exit("the file has no function create(input_shape)")
    model = module.create((64, 64, 1))
    if not hasattr(model, "to_json"):
        exit("create(input_shape) gave a " + type(model).__name__ + ", which is no Keras model")
    document = {
        "schema": "ais.architecture/1",
        "title": str(getattr(module, "title", paths.splitext(paths.basename(path))[0])),
        "include": bool(getattr(module, "include", True)),
        "summary": str(getattr(module, "summary", "a layout of your own")),
        "model": loads(model.to_json()),
    }
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
