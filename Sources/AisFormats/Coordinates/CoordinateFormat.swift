import AisCore

/// A kind of file that holds particles, under the name that users type.
package enum CoordinateFormat: String, CaseIterable, Sendable {
  /// The STAR file that Ais writes after picking.
  case ais
  case relion3
  case relion31 = "relion3.1"
  case relion4
  case relion5
  /// WarpTools, and M when it makes a species from a RELION table.
  case warp
  /// M's own particle tables.
  case m
  /// x, y, z in three columns, without a header.
  case text = "txt"
  case tsv
  case csv
  case copick
  /// The annotations of the CryoET Data Portal: a JSON document per line.
  case portal
  /// Models of IMOD and 3dmod (`.mod`).
  case imod
  /// Tables of Dynamo (`.tbl`), with a list of volumes beside them.
  case dynamo
  /// EMAN2's JSON (`info/NAME_info.json`).
  case eman2
  /// The text that EMAN2's e2spt_boxer reads.
  case box
  case stopgap
  /// crYOLO's `.cbox`.
  case cryolo

  /// What reads and writes it.
  var codec: any CoordinateCodec {
    switch self {
    case .ais: AisSTARCodec()
    case .relion3, .relion31, .relion4, .warp: PixelSTARCodec(format: self)
    case .relion5: RELION5Codec()
    case .m: MSTARCodec()
    case .text: PlainTextCodec()
    case .tsv, .csv: SeparatedTextCodec(format: self)
    case .copick: CopickCodec()
    case .portal: PortalCodec()
    case .imod: IMODCodec()
    case .dynamo: DynamoCodec()
    case .eman2: EMAN2Codec()
    case .box: EMAN2TextCodec()
    case .stopgap: STOPGAPCodec()
    case .cryolo: CrYOLOCodec()
    }
  }

  /// Whether a particle is a line of text, which a file that was cut off may end within without being unsound.
  var hasRows: Bool {
    switch self {
    case .imod, .copick, .eman2, .portal: false
    default: true
    }
  }

  /// The usual end of a file's name, without the dot.
  package var fileExtension: String {
    switch self {
    case .ais, .relion3, .relion31, .relion4, .relion5, .warp, .m: "star"
    case .text: "txt"
    case .tsv: "tsv"
    case .csv: "csv"
    case .copick: "json"
    case .portal: "ndjson"
    case .imod: "mod"
    case .dynamo: "tbl"
    case .eman2: "json"
    case .box: "box"
    case .stopgap: "star"
    case .cryolo: "cbox"
    }
  }

  /// Whether one file can hold particles of several tomograms.
  package var holdsSeveralTomograms: Bool {
    switch self {
    case .text, .copick, .portal, .imod, .eman2, .box, .cryolo: false
    default: true
    }
  }

  /// As in "'x.star' is *a RELION 4 particle table*".
  package var phrase: String {
    switch self {
    case .ais: "an Ais particle table"
    case .relion3: "a RELION 3.0 particle table"
    case .relion31: "a RELION 3.1 particle table"
    case .relion4: "a RELION 4 particle table"
    case .relion5: "a RELION 5 particle table"
    case .warp: "a Warp particle table"
    case .m: "an M particle table"
    case .text: "a text file of x, y, z"
    case .tsv: "a table separated by tabs"
    case .csv: "a table separated by commas"
    case .copick: "a copick file of picks"
    case .portal: "a CryoET Data Portal file of points"
    case .imod: "an IMOD model"
    case .dynamo: "a Dynamo table"
    case .eman2: "an EMAN2 file of boxes"
    case .box: "a text file of boxes for EMAN2"
    case .stopgap: "a STOPGAP motivelist"
    case .cryolo: "a crYOLO file of boxes"
    }
  }

  /// The format of that name; `name` may also be the usual extension where only one format has it.
  package init(named name: String) throws(AisError) {
    let lower = name.lowercased()
    let byExtension = Self.allCases.filter { $0.fileExtension == lower }
    if let format = Self(rawValue: lower) {
      self = format
    } else if byExtension.count == 1 {
      self = byExtension[0]
    } else {
      throw AisError(
        .usage,
        "'\(name)' is no format of coordinates. Expected one of: \(Self.allCases.map(\.rawValue).joined(separator: ", "))."
      )
    }
  }
}
