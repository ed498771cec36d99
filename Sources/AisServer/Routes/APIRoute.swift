import HTTPTypes
import Hummingbird

/// One address of the interface. `docs/reference/openapi.json` describes each; a test compares both lists.
struct APIRoute: Sendable {
  let method: HTTPRequest.Method
  /// As OpenAPI writes it: parameters in braces.
  let path: String
  let answer: @Sendable (AppRequest) async throws -> Response

  static func get(_ path: String, _ answer: @escaping @Sendable (AppRequest) async throws -> Response) -> APIRoute {
    APIRoute(method: .get, path: path, answer: answer)
  }

  static func post(_ path: String, _ answer: @escaping @Sendable (AppRequest) async throws -> Response) -> APIRoute {
    APIRoute(method: .post, path: path, answer: answer)
  }

  static func delete(_ path: String, _ answer: @escaping @Sendable (AppRequest) async throws -> Response) -> APIRoute {
    APIRoute(method: .delete, path: path, answer: answer)
  }

  static let all =
    SessionRoutes.all + FileRoutes.all + ProjectRoutes.all + EditRoutes.all + DatasetRoutes.all + SliceRoutes.all
    + JobRoutes.all + ModelRoutes.all + PredictionRoutes.all + RunRoutes.all + PickRoutes.all
    + TrainingRoutes.all + ArchitectureRoutes.all
}

/// The addresses, for the test that compares them with the documentation: `GET /api/session`.
package let apiAddresses: [String] = APIRoute.all.map { "\($0.method.rawValue) \($0.path)" }
