import { fields, text } from "../src/cli/blocks.ts";
import {
  defineCommand,
  flagOption,
  listOption,
  lockWaitOption,
  messageOption,
  textOption,
} from "../src/cli/command.ts";
import type { DaemonReport } from "../src/deploy/detached-daemon.ts";
import { usageError } from "../src/errors.ts";

export default defineCommand<DaemonReport | null>({
  description:
    "Serves the models in the foreground, and writes its log to stdout, one JSON object a line. " +
    "With --detach in the background, where it is started again when it dies: `status`, `logs` " +
    "and `down` are for it then. `studio deploy` runs it in the background, too, beside the " +
    "release before.",
  options: [
    { flags: "--host <address>", summary: "Address to listen on (default: serve.host)" },
    { flags: "--port <number>", summary: "Port to listen on (default: serve.port)" },
    {
      flags: "--models <folder>",
      summary: "Folder of models (default: serve.models)",
      repeatable: true,
    },
    { flags: "-d, --detach", summary: "In the background, as soon as it is ready" },
    messageOption,
    lockWaitOption,
  ],
  examples: [
    { line: "studio serve --port 8001", does: "try the daemon by hand" },
    { line: "studio serve --models ./models --models /srv/models", does: "models of two folders" },
    { line: "studio serve --detach", does: "serve on after this shell has ended" },
  ],
  files: "here",
  exitCodes: [0, 2, 5, 6, 7, 8, 130, 143],
  async run(context, input) {
    const port = textOption(input, "port");
    if (port !== undefined && !/^\d{1,5}$/.test(port)) throw usageError("--port takes a number.");
    const path = await import("node:path");
    const models = listOption(input, "models");
    const serving = {
      host: textOption(input, "host") ?? null,
      port: port === undefined ? null : Number(port),
      models:
        models.length === 0 ? null : models.map((folder) => path.resolve(context.cwd, folder)),
    };
    if (flagOption(input, "detach")) {
      const { startDetached } = await import("../src/deploy/detach.ts");
      const place = await context.workplace({ lockWait: textOption(input, "lockWait") });
      const message = textOption(input, "message") ?? null;
      return { result: await startDetached(place, serving, message) };
    }
    const { serveInForeground } = await import("../src/deploy/serve.ts");
    await serveInForeground(await context.workplace(), {
      ...serving,
      stdout: context.stdout,
      signal: context.signal,
      listening: (url) => context.output.message(`Serving on ${url}; Ctrl-C ends it.`),
    });
    return { result: null, silent: true };
  },
  human: (report) =>
    report === null
      ? []
      : [
          text(`Serving on ${report.url} in the background.`, "good"),
          fields([
            ["process", String(report.pid ?? "-")],
            ["log", report.log],
          ]),
          text("`studio status` and `studio logs --detached` look at it.", "dim"),
          text("`studio down --detached` ends it.", "dim"),
        ],
});
