/**
 * A daemon, or a run of a job, whose clock goes faster: what takes a thousand minutes can be tried.
 * Arguments: `daemon` or `exec`, the folder, the speed, and when the clock was set going (epoch, ms).
 */
import { spawn } from "node:child_process";
import { runDaemon } from "../../src/schedule/backends/daemon.ts";
import { executeJob } from "../../src/schedule/execute/execute.ts";
import { fastPlace } from "./fast-place.ts";

const [mode, directory = "", speed = "1", began = "0"] = process.argv.slice(2);
const place = fastPlace(directory, Number(speed), Number(began));
const controller = new AbortController();
const { signal } = controller;
process.once("SIGTERM", () => controller.abort("SIGTERM"));

if (mode === "daemon") {
  const words = [import.meta.filename, "exec", directory, speed, began];
  const start = () => spawn(process.execPath, words, { detached: true, stdio: "ignore" }).unref();
  await runDaemon({ place, start, tell: () => {}, signal });
}

if (mode === "exec") {
  const env = { PATH: process.env["PATH"] };
  await executeJob({ place, job: "job", trigger: "daemon", env, signal, ping: async () => {} });
}
