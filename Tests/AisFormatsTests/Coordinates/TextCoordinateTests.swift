import AisCore
import AisFormats
import Testing

@Suite("Coordinates in text, copick and portal files")
struct TextCoordinateTests {
  private func read(
    _ text: String, _ path: String = "x.csv", _ change: (inout CoordinateHints) -> Void = { _ in }
  ) throws(AisError) -> CoordinateReading {
    var hints = CoordinateHints()
    change(&hints)
    return try CoordinateFile.read(Array(text.utf8), path: path, hints: hints)
  }

  @Test(
    "Three columns are read whatever separates them",
    arguments: [
      "1\t2\t3\n4\t5\t6\n", "1 2 3\n  4   5 6", "1,2,3\r\n4,5,6\r\n", "1;2;3;\n4;5;6;\n", "# c\n\n1|2|3\n4|5|6",
      "x y z\n1 2 3\n4 5 6", "z,x,y\n3,1,2\n6,4,5\n",
    ],
    ["a__b_coords.txt", "a.csv", "a.tsv", "a"])
  func separators(text: String, path: String) throws {
    let reading = try read(text, path)
    #expect(reading.list.particles.map(\.point) == [VoxelPoint(z: 3, y: 2, x: 1), VoxelPoint(z: 6, y: 5, x: 4)])
    #expect(reading.list.tomograms == [TomogramFrame(name: "a")])
  }

  @Test("The paper's text is whole numbers between tabs, rounded and not cut")
  func plainText() throws {
    let list = ParticleList(
      tomograms: [TomogramFrame(name: "a")],
      particles: [Particle(point: VoxelPoint(z: 2.6, y: -0.4, x: 10.5)), Particle(point: VoxelPoint(z: 0, y: 1, x: 2))])
    #expect(
      String(decoding: try CoordinateFile.encode(list, path: "x", format: .text).bytes, as: UTF8.self)
        == "11\t0\t3\n2\t1\t0\n")
    var options = CoordinateOptions()
    options.decimals = 2
    let decimals = try CoordinateFile.encode(list, path: "x", format: .text, options: options).bytes
    #expect(String(decoding: decimals, as: UTF8.self) == "10.50\t-0.40\t2.60\n2.00\t1.00\t0.00\n")
  }

  @Test(
    "A header with a unit is in ångström, and the voxel size is asked for",
    arguments: [
      "IDs,X [A],Y [A],Z [A]\n0,40,80,120", "id,experiment,particle_type,x,y,z\n0,x,ribosome,40,80,120",
      "x_nm;y_nm;z_nm\n4;8;12", "X (Å)\tY (Å)\tZ (Å)\n40\t80\t120",
    ])
  func units(text: String) throws {
    let error = #expect(throws: AisError.self) { try read(text) }
    #expect(
      error?.message
        == "'x.csv' (a table separated by commas) counts in ångström and does not say how large a voxel is. Give --voxel-size, as in --voxel-size 10A."
    )
    let reading = try read(text) { $0.voxelSize = VoxelSize(.angstroms(10)) }
    #expect(reading.list.particles[0].point == VoxelPoint(z: 12, y: 8, x: 4))
    let incomplete = try read(text) { $0.allowsIncomplete = true }
    #expect(incomplete.missing == [.voxelSize])
    #expect(incomplete.list.particles[0].point == VoxelPoint(z: 120, y: 80, x: 40))
  }

  @Test("Points given in other voxels are brought to the tomogram's")
  func otherVoxels() throws {
    let reading = try read("5,6,7\n") {
      $0.coordinateSpacing = .angstroms(20)
      $0.voxelSize = VoxelSize(.angstroms(5))
      $0.alignment = .edges
    }
    #expect(reading.list.particles[0].point == VoxelPoint(z: 29.5, y: 25.5, x: 21.5))
  }

  @Test(
    "What is no table of points is refused with the line",
    arguments: [
      ("1,2\n", "has 2 values in its first line"), ("1,2,3\n4,5\n", "has 2 values in line 2, the lines before have 3"),
      ("1,2,3\n4,5,six\n", "'six' in column 'z' of line 2"), ("1,2,nan\n", "'nan'"),
      ("a,b,c\n1,2,3\n", "no columns x, y and z"),
      ("x,y_nm,z\n1,2,3\n", "different units"), ("1,2,\"3\n", "a quote in line 1 that does not end"),
      ("1,2,3\u{0}\n", "zero byte"),
      ("", "is empty"), ("hello", "no columns x, y and z"), ("{\"a\": 1}", "JSON without 'points'"),
      ("{\"a\": ", "is not JSON"),
    ])
  func refused(text: String, words: String) {
    let error = #expect(throws: AisError.self) { try read(text) }
    #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
  }

  @Test("Names with commas, quotes and spaces come back from CSV")
  func quotes() throws {
    let list = ParticleList(
      tomograms: [TomogramFrame(name: "a, \"b\" c")],
      particles: [Particle(point: VoxelPoint(z: 0.1, y: 1.0 / 3, x: 1e-7), id: "# 1", extra: [" x ", ""])],
      extraColumns: ["my, column", "e"])
    for format in [CoordinateFormat.csv, .tsv] {
      #expect(
        try CoordinateFile.read(CoordinateFile.encode(list, path: "x", format: format).bytes, path: "x", format: format)
          .list == list)
    }
  }

  @Test("copick's points are in ångström, with the matrix's own shift and rotation")
  func copick() throws {
    let text =
      #"{"pickable_object_name": "r", "run_name": "TS_1", "voxel_spacing": 10, "unit": "angstrom", "points": [{"location": {"x": 10, "y": 20, "z": 30}, "transformation_": [[0, 1, 0, 5], [-1, 0, 0, 0], [0, 0, 1, -10], [0, 0, 0, 1]], "instance_id": 3, "score": 0.5}]}"#
    let particle = try read(text, "x.json").list.particles[0]
    #expect(particle.point == VoxelPoint(z: 2, y: 2, x: 1.5))
    #expect(particle.angles == EulerAngles(rot: 90, tilt: 0, psi: 0))
    #expect(particle.group == 3 && particle.score == 0.5)
    #expect(
      try read(text, "x.json").list.tomograms == [TomogramFrame(name: "TS_1", voxelSize: VoxelSize(.angstroms(10)))])
    #expect(try read(text, "x.json") { $0.voxelSize = VoxelSize(.angstroms(5)) }.list.particles[0].point.z == 4)
  }

  @Test("The portal's points are in voxels, one document a line")
  func portal() throws {
    let text = """
      {"type": "orientedPoint", "location": {"x": 1.5, "y": 2, "z": 3}, "xyz_rotation_matrix": [[0, 1, 0], [-1, 0, 0], [0, 0, 1]]}

      {"type": "instancePoint", "location": {"x": 4, "y": 5, "z": 6}, "instance_id": 2}
      """
    let reading = try read(text, "run.ndjson")
    #expect(reading.format == .portal)
    #expect(reading.list.particles[0].point == VoxelPoint(z: 3, y: 2, x: 1.5))
    #expect(reading.list.particles[0].angles == EulerAngles(rot: 90, tilt: 0, psi: 0))
    #expect(reading.list.particles[1].group == 2)
  }

  @Test(
    "Points that cannot be used are refused with their number",
    arguments: [
      #"{"points": [{"location": {"x": 1, "y": 2}}], "voxel_spacing": 1}"#,
      #"{"points": [{"location": {"x": 1, "y": 2, "z": NaN}}], "voxel_spacing": 1}"#,
      #"{"points": [{"location": {"x": 1, "y": 2, "z": 3}, "transformation_": [[1, 0], [0, 1]]}], "voxel_spacing": 1}"#,
      #"{"points": [{"location": {"x": 1, "y": 2, "z": 3}, "transformation_": [[2,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]}], "voxel_spacing": 1}"#,
      #"{"points": [{"location": {"x": 1, "y": 2, "z": 3}, "transformation_": [[-1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]}], "voxel_spacing": 1}"#,
      #"{"points": [7], "voxel_spacing": 1}"#, #"{"location": {"x": 1, "y": 2, "z": 3}}"#,
      #"{"type": "mesh", "location": {"x": 1, "y": 2, "z": 3}}"#,
    ])
  func badPoints(text: String) {
    let error = #expect(throws: AisError.self) { try read(text, "x.json") }
    #expect(error?.message.contains("a point 1 that cannot be used") == true, "\(error?.message ?? "")")
  }

  @Test("Every mutation of a file is a list or an error")
  func mutations() throws {
    let texts = [
      "tomogram,x,y,z,id\nTS,1,2,3,\"a b\"\nTS,4.5,5,6,c\n",
      #"{"points": [{"location": {"x": 1, "y": 2, "z": 3}, "transformation_": null}], "unit": "angstrom", "voxel_spacing": 2}"#,
      "data_\nloop_\n_rlnCoordinateX\n_rlnCoordinateY\n_rlnCoordinateZ\n_rlnMicrographName\n_rlnPixelSize\n1 2 3 a.mrc 2\n4 5 6 b/c.mrc 2\n",
      #"{"type": "orientedPoint", "location": {"x": 1, "y": 2, "z": 3}, "rotation_matrix": [[1,0,0],[0,1,0],[0,0,1]]}"#,
    ].map { Array($0.utf8) }
    var generator = SeededGenerator(seed: 11)
    for text in texts {
      for count in text.indices { _ = try? CoordinateFile.read(Array(text[..<count]), path: "x") }
      for _ in 0..<4000 {
        var mutated = text
        for _ in 0..<Int.random(in: 1...3, using: &generator) {
          mutated[Int.random(in: text.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
        }
        do throws(AisError) {
          let list = try CoordinateFile.read(mutated, path: "x").list
          #expect(list.particles.allSatisfy { $0.point.isFinite && list.tomograms.indices.contains($0.tomogram) })
        } catch { #expect(!error.message.isEmpty) }
      }
    }
  }
}
