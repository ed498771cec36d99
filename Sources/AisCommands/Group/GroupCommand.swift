import ArgumentParser

/// `ais group`: several networks and how their results are made to agree.
package struct GroupCommand: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "group",
    abstract: "Make, show and check groups of networks whose results are combined.",
    discussion: """
      A group is one readable file (a recipe, JSON) that names networks and the steps by which their results are made to \
      agree: first the competition, then interactions one after another. 'ais segment --group' runs it. Groups of the \
      reference program (.scnmgroup) are read and written too.
      """,
    subcommands: [GroupCreateCommand.self, GroupShowCommand.self, GroupCheckCommand.self])

  package init() {}
}
