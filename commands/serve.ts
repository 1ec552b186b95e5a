import { defineCommand, listOption, textOption } from "../src/cli/command.ts";
import { usageError } from "../src/errors.ts";

export default defineCommand<null>({
  description:
    "Serves the models in the foreground, and writes its log to stdout, one JSON object a line. " +
    "`studio deploy` runs it in the background, beside the release before.",
  options: [
    { flags: "--host <address>", summary: "Address to listen on (default: serve.host)" },
    { flags: "--port <number>", summary: "Port to listen on (default: serve.port)" },
    {
      flags: "--models <folder>",
      summary: "Folder of models (default: serve.models)",
      repeatable: true,
    },
  ],
  examples: [
    { line: "studio serve --port 8001", does: "try the daemon by hand" },
    { line: "studio serve --models ./models --models /srv/models", does: "models of two folders" },
  ],
  files: "here",
  exitCodes: [0, 2, 8, 130, 143],
  output: "lines",
  async run(context, input) {
    const { serveInForeground } = await import("../src/deploy/serve.ts");
    const port = textOption(input, "port");
    if (port !== undefined && !/^\d{1,5}$/.test(port)) throw usageError("--port takes a number.");
    const path = await import("node:path");
    const models = listOption(input, "models");
    await serveInForeground(await context.workplace(), {
      host: textOption(input, "host") ?? null,
      port: port === undefined ? null : Number(port),
      models:
        models.length === 0 ? null : models.map((folder) => path.resolve(context.cwd, folder)),
      stdout: context.stdout,
      signal: context.signal,
      listening: (url) => context.output.message(`Serving on ${url}; Ctrl-C ends it.`),
    });
    return { result: null };
  },
});
