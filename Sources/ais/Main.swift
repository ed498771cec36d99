import AisCommands

@main
struct Main {
  static func main() async {
    await AisProgram.main()
  }
}
