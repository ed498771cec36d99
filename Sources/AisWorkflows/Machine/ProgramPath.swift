import Foundation

/// Where this program lies, so that it can start itself again.
package enum ProgramPath {
  package static var current: String { URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().path }
}
