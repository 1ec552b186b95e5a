import { defineCommand } from "../src/cli/command.ts";
import { completionScripts, shells } from "../src/cli/completion-scripts.ts";
import { usageError } from "../src/errors.ts";

export default defineCommand<string>({
  description:
    "Prints the script by which a shell completes commands, options, environments, releases and " +
    "snapshots.",
  arguments: [
    { name: "SHELL", summary: "bash, zsh or fish", required: true, complete: [...shells] },
  ],
  examples: [
    { line: "source <(studio completion bash)", does: "for this shell; or put it in ~/.bashrc" },
    { line: "studio completion zsh > ~/.zfunc/_studio", does: "into a folder of $fpath" },
    {
      line: "studio completion fish > ~/.config/fish/completions/studio.fish",
      does: "for every fish",
    },
  ],
  dryRun: "reads",
  files: "here",
  exitCodes: [0, 2],
  output: "text",
  async run(_context, input) {
    const name = input.arguments[0] ?? "";
    const shell = shells.find((one) => one === name);
    if (shell === undefined) {
      throw usageError(
        `There is no completion script for "${name}".`,
        `Name one of ${shells.join(", ")}.`,
      );
    }
    return { result: completionScripts[shell] };
  },
});
