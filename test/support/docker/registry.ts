import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgram } from "../programs.ts";
import { until } from "../processes.ts";
import { freePort } from "../studio.ts";

/** Debian's registry, on loopback, where an engine asks for no certificate. */
export interface Registry {
  /** Of its images: `127.0.0.1:5000`. */
  address: string;
  start(): Promise<void>;
  stop(): Promise<void>;
  /** @returns the reference by digest under which the image is there from now on */
  push(image: string, name: string): string;
  /** Takes the image away, as a policy of clean-up does. */
  forget(reference: string): Promise<void>;
  remove(): Promise<void>;
}

export const registryProgram = findProgram("docker-registry", "pushing and pulling images");

/** @param host its address; engines trust one that is not loopback only where they are told */
export async function startRegistry(program: string, host = "127.0.0.1"): Promise<Registry> {
  const folder = mkdtempSync(join(tmpdir(), "studio-registry-"));
  const address = `${host}:${await freePort()}`;
  const configuration = join(folder, "registry.yml");
  const storage = `{ filesystem: { rootdirectory: ${folder}/images }, delete: { enabled: true } }`;
  writeFileSync(
    configuration,
    `version: 0.1\nlog: { level: error }\nstorage: ${storage}\nhttp: { addr: "${address}" }\n`,
  );
  let server: ChildProcess | null = null;
  const answers = async () =>
    (await fetch(`http://${address}/v2/`).catch(() => null))?.status === 200;
  const registry: Registry = {
    address,
    async start() {
      server = spawn(program, ["serve", configuration], { stdio: "ignore" });
      await until("the registry answers", answers);
    },
    async stop() {
      if (server === null || server.exitCode !== null || server.signalCode !== null) return;
      server.kill();
      await once(server, "exit");
    },
    push(image, name) {
      const tag = `${address}/${name}`;
      execFileSync("docker", ["tag", image, tag]);
      execFileSync("docker", ["push", "-q", tag], { stdio: "pipe" });
      const format = "{{range .RepoDigests}}{{println .}}{{end}}";
      const argv = ["image", "inspect", "--format", format, tag];
      const digests = execFileSync("docker", argv, { encoding: "utf8" }).split("\n");
      return digests.find((one) => one.startsWith(`${address}/`)) ?? "";
    },
    async forget(reference) {
      const [name = "", digest = ""] = reference.slice(address.length + 1).split("@");
      const url = `http://${address}/v2/${name}/manifests/${digest}`;
      const { status } = await fetch(url, { method: "DELETE" });
      if (status !== 202) throw new Error(`The registry keeps ${reference}: ${status}`);
    },
    async remove() {
      await registry.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await registry.start();
  return registry;
}
