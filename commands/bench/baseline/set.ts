import { text } from "../../../src/cli/blocks.ts";
import { defineCommand } from "../../../src/cli/command.ts";
import type { SetBaseline } from "../../../src/deploy/bench-baselines.ts";

export default defineCommand<SetBaseline>({
  description:
    "Lets a name stand for a run. Each scenario has its own: main of smoke is not main of stress.",
  arguments: [
    { name: "NAME", summary: "Such as main", required: true },
    { name: "ID", summary: "Run, the start of its id, or latest (default)" },
  ],
  examples: [
    { line: "studio bench baseline set main latest", does: "compare later runs with the last one" },
  ],
  exitCodes: [0, 2, 8],
  async run(context, input) {
    const { setBaseline } = await import("../../../src/deploy/bench-baselines.ts");
    const [name = "", run = "latest"] = input.arguments;
    return { result: setBaseline(await context.desk(), { name, run }) };
  },
  human: ({ name, scenario, run, before }) => [
    text(`${name} of ${scenario} is run ${run}${before === null ? "" : `; it was ${before}`}.`),
  ],
});
