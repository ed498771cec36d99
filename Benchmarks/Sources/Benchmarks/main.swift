import AisNetworks

#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What is measured: all tables and instruction sets, or those named on the command line.
let words = Array(CommandLine.arguments.dropFirst())
let namedSets = words.compactMap { InstructionSet(rawValue: $0) }
let namedTables = words.filter { ["layers", "networks", "forecasts", "volumes"].contains($0) }
guard namedSets.count + namedTables.count == words.count else {
  print("usage: Benchmarks [layers] [networks] [forecasts] [volumes] [avx512] [avx2] [baseline]")
  exit(2)
}
let processors = max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))

for set in InstructionSet.available.reversed() where namedSets.isEmpty || namedSets.contains(set) {
  if namedTables.isEmpty || namedTables.contains("layers") { try LayerTable.print(set) }
  if namedTables.isEmpty || namedTables.contains("networks") {
    try NetworkTable.print(set, threadCounts: processors > 1 ? [1, processors] : [1])
  }
  if namedTables.isEmpty || namedTables.contains("forecasts") { try ForecastTable.print(set) }
}

// The same code runs on every instruction set.
if namedTables.isEmpty || namedTables.contains("volumes") { try VolumeTable.print() }
