/// The program's version.
package enum AisVersion {
  package static let current = "0.1.0"
}
