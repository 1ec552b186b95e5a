import { defineCommand } from "../src/cli/command.ts";
import { exitCodes } from "../src/errors.ts";

export default defineCommand<null>({
  description: "Tells the channels how the components of the API stand, given on stdin as JSON.",
  examples: [{ line: "studio __tell-health", does: "started by the daemon" }],
  files: "here",
  exitCodes: [0, 2, 3, 8],
  output: "lines",
  async run(context) {
    const { tellHealth } = await import("../src/cli/tell-health.ts");
    const isTold = await tellHealth(context, process.stdin);
    return { result: null, ...(isTold ? {} : { exitCode: exitCodes.incomplete }) };
  },
});
