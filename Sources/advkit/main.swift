import AdvCommands
import Foundation

let console = Console.standard(environment: ProcessInfo.processInfo.environment)
exit(Program.run(Array(CommandLine.arguments.dropFirst()), on: console).rawValue)
