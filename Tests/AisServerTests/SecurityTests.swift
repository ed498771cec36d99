import AisCore
import AisFormats
import AisServer
import AisTestSupport
import Foundation
import Testing

@Suite("The gate of the server")
struct SecurityTests {
  @Test("every start has a token of its own, and chosen ones are letters and digits")
  func tokens() throws {
    #expect(AccessToken().text != AccessToken().text)
    #expect(AccessToken().text.utf8.count == 48)
    #expect(try AccessToken(String(repeating: "a1", count: 16)).text.utf8.count == 32)
    for text in ["", "short", String(repeating: "a", count: 200), String(repeating: "a;", count: 20)] {
      #expect(throws: AisError.self) { try AccessToken(text) }
    }
  }

  @Test("a folder's links are followed before it is asked whether it may be seen")
  func roots() throws {
    let folder = try TemporaryFolder()
    for name in ["given/inner", "given-not", "other"] {
      try FileManager.default.createDirectory(atPath: folder.root + "/" + name, withIntermediateDirectories: true)
    }
    try FileManager.default.createSymbolicLink(
      atPath: folder.root + "/given/out", withDestinationPath: folder.root + "/other")
    try FileManager.default.createSymbolicLink(
      atPath: folder.root + "/way-in", withDestinationPath: folder.root + "/given/inner")
    let roots = FolderRoots([folder.root + "/given"])
    let real = try #require(roots.all.first)
    #expect(try roots.resolve(folder.root + "/way-in") == real + "/inner")
    #expect(try roots.resolve(folder.root + "/given/./inner/..") == real)
    // A name that only begins alike, a link that leads out, a way around.
    for path in ["/given-not", "/given/out", "/given/out/x", "/given/../other", "/nothing", ""] {
      #expect(throws: (any Error).self, "\(path)") { try roots.resolve(folder.root + path) }
    }
    #expect(throws: (any Error).self) { try roots.resolve("given") }
    #expect(throws: (any Error).self) { try roots.resolve(folder.root + "/given\0/../..") }
    _ = try roots.add(folder.root + "/other")
    #expect(try roots.resolve(folder.root + "/given/out").hasSuffix("/other"))
    #expect(throws: AisError.self) { try roots.add(folder.root + "/nothing") }
  }

  @Test("the documentation lists every address of the interface, and no other")
  func addresses() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent().appending(path: "docs/reference/openapi.json")
    let document = try JSONValue(parsing: Array(try Data(contentsOf: file)), name: "openapi.json")
    guard case .object(let paths)? = document["paths"] else {
      Issue.record("openapi.json has no paths")
      return
    }
    var documented: Set<String> = []
    for (path, methods) in paths {
      guard case .object(let operations) = methods else { continue }
      for method in operations.keys { documented.insert("\(method.uppercased()) \(path)") }
    }
    #expect(documented == Set(apiAddresses))
    #expect(Set(apiAddresses).count == apiAddresses.count)
  }
}
