import { text } from "../../src/cli/blocks.ts";
import { defineCommand } from "../../src/cli/command.ts";

interface Result {
  file: string | null;
  environments: string[];
}

export default defineCommand<Result>({
  description: "Reads studio.yaml as a whole and reports every problem with its line.",
  examples: [{ line: "studio config check", does: "before a commit, or in CI" }],
  dryRun: "reads",
  files: "here",
  exitCodes: [0, 2],
  async run(context) {
    const { file, environments } = await context.project();
    return { result: { file, environments } };
  },
  human: ({ file, environments }) => [
    text(
      file === null
        ? "There is no studio.yaml; the defaults of the local environment are used."
        : `${file} is in order. Environments: ${environments.join(", ")}.`,
      "good",
    ),
  ],
});
