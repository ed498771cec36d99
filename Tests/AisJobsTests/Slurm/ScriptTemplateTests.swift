import AisCore
import AisJobs
import Testing

@Suite("The template of a script")
struct ScriptTemplateTests {
  private func fill(_ text: String, _ values: [String: String?], required: Set<String> = []) throws(AisError) -> String
  {
    var all: [String: ScriptTemplate.Value] = [:]
    for (name, value) in values { all[name] = .init(value, option: "--\(name)", isRequired: required.contains(name)) }
    return try ScriptTemplate(name: "site.template", text: text).filled(all)
  }

  @Test("places are filled, optional lines left out, and lines of nothing vanish")
  func filling() throws {
    let text = """
      #!/bin/bash
      #SBATCH? --partition={{partition}}
      #SBATCH? --account={{account}}
      #SBATCH --time={{time}} --mem={{memory}}
      {{modules}}
      awk '{{print}}' {{ time }} {{}} ${{

      {{time}}{{memory}}
      """
    let filled = try fill(
      text, ["partition": "gpu", "account": nil, "time": "1", "memory": "2G", "modules": "", "print": "x"])
    #expect(
      filled == """
        #!/bin/bash
        #SBATCH --partition=gpu
        #SBATCH --time=1 --mem=2G
        awk 'x' {{ time }} {{}} ${{

        12G
        """)
  }

  @Test("a value is never looked at for places")
  func valuesAreInert() throws {
    #expect(try fill("#!/bin/sh\n{{a}}", ["a": "{{b}}", "b": "no"]) == "#!/bin/sh\n{{b}}")
  }

  @Test("all places that nothing fills are named at once")
  func unfilled() {
    let error = #expect(throws: AisError.self) {
      try fill(
        "#!/bin/sh\n#SBATCH -A {{account}} -R {{reservation}}\n{{account}} {{time}}", ["account": nil, "time": "1"])
    }
    #expect(
      error?.description
        == "the template 'site.template' has places that nothing fills: {{account}} (--account), {{reservation}} (--set reservation=…). "
        + "Give what stands in brackets, or write '#SBATCH?' for a line that may be left out.")
    #expect(error?.code == .malformed)
  }

  @Test("an option without a place is an error and never forgotten")
  func withoutPlace() {
    let error = #expect(throws: AisError.self) {
      try fill("#!/bin/sh\n", ["qos": "long", "job": "x", "time": "1"], required: ["qos", "job"])
    }
    #expect(
      error?.description
        == "the template 'site.template' has no place for: {{job}} (--job), {{qos}} (--qos). Add them to the template, or leave the "
        + "option out.")
  }

  @Test("a template must begin as a script does", arguments: ["", "\n#!/bin/sh", "#SBATCH -N1"])
  func noShebang(text: String) {
    let error = #expect(throws: AisError.self) { try fill(text, [:]) }
    #expect(
      error?.description
        == "the template 'site.template' does not begin with '#!', as the script of a job must: '#!/bin/bash' is usual")
  }
}

@Suite("Time limits and arrays")
struct SlurmQuantityTests {
  @Test(
    "time limits are read as Slurm and as people write them",
    arguments: [
      ("90", 90), ("90:00", 90), ("4:00:00", 240), ("0:00:30", 1), ("2-12", 3600), ("1-00:30", 1470),
      ("1-00:30:01", 1471),
      ("90min", 90), ("4h", 240), ("2d", 2880),
    ])
  func times(text: String, minutes: Int) throws { #expect(try SlurmTime(text).minutes == minutes) }

  @Test("others are refused", arguments: ["", "0", "-5", "4 h", "1:2:3:4", "1-", "1-2-3", "x", "400d", "4.5h", "٣h"])
  func wrongTimes(text: String) {
    let error = #expect(throws: AisError.self) { try SlurmTime(text) }
    #expect(
      error?.message
        == "'\(text)' is no time limit: write it with a unit (90min, 4h, 2d) or as Slurm does (4:00:00, 1-12:00:00)")
  }

  @Test("and written as Slurm does")
  func written() {
    #expect(SlurmTime(minutes: 90).description == "01:30:00")
    #expect(SlurmTime(minutes: 1710).description == "1-04:30:00")
  }

  @Test("an array has as many workers as there is work for, within what is wanted and allowed")
  func arrays() {
    func array(_ tasks: Int, _ seconds: Double?, _ wanted: Int? = nil, _ atOnce: Int? = nil, limit: Int = 1001)
      -> String
    {
      SlurmArray(tasks: tasks, seconds: seconds, wanted: wanted, atOnce: atOnce, limit: limit).text
    }
    #expect(array(20, nil, 20, 4, limit: 5) == "0-4%4")
    #expect(array(500, 500 * 300) == "0-63")
    #expect(array(20, 20 * 60) == "0-1")
    #expect(array(20, 5) == "0-0")
    #expect(array(20, nil) == "0-19")
    #expect(array(20, 5, 8, 8) == "0-7")
    #expect(array(3, 1e9, 2000, 9) == "0-2")
    #expect(array(5000, .infinity, 5000, limit: 1001) == "0-1000")
  }
}
