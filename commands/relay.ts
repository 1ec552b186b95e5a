import { defineCommand } from "../src/cli/command.ts";

export default defineCommand<null>({
  description: "The end of a connection from another machine, which runs a command here.",
  examples: [],
  exitCodes: [0],
  output: "lines",
  files: "here",
  async run(context) {
    const { relay } = await import("../src/remote/host/relay.ts");
    const { packageRoot } = await import("../src/package-root.ts");
    const { homedir } = await import("node:os");
    const path = await import("node:path");
    await relay({
      stdin: process.stdin,
      stdout: process.stdout,
      env: context.env,
      userHome: homedir(),
      program: [process.execPath, path.join(packageRoot, "bin", "studio.js")],
      now: context.now(),
    });
    return { result: null };
  },
});
