// A daemon in a process of its own, given its settings as JSON in the first argument.
import { writeFileSync } from "node:fs";
import { createConsoleLogger } from "../../../src/server/logging.ts";
import { startDaemon } from "../../../src/server/daemon.ts";

const spec = JSON.parse(process.argv[2] ?? "{}") as Parameters<typeof startDaemon>[0];
const write = (line: string): void => writeFileSync(2, line);
const logger = createConsoleLogger({ write }, { environment: "local", level: "error" });
const daemon = await startDaemon({ ...spec, logger });
await daemon.closed;
