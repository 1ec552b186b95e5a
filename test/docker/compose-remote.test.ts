import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { everyStep } from "../support/every.ts";
import { noDocker, skipped } from "../support/docker/images.ts";
import {
  type StackProject,
  createStackProject,
  stackSettings,
} from "../support/docker/stack-project.ts";
import { deploy, serving } from "../support/docker/stack-words.ts";
import { type SshHost, sshUnavailable, startSshHost } from "../support/ssh-host.ts";

/** To send studio to a host takes longer than all that is looked at here. */
const missing = noDocker() ?? sshUnavailable ?? (everyStep ? null : "in the long form only");

describe.skipIf(missing !== null)(`a stack on another host${skipped(missing)}`, () => {
  let host: SshHost;
  let project: StackProject;
  /** The project's folder there. */
  let home: string;

  beforeAll(async () => {
    host = await startSshHost();
    project = await createStackProject({ tls: true, database: true });
    const { stack } = project;
    home = join(host.home, stack);
    const place = `ssh: { host: ${host.address}, path: ${home} }, domains: [shop.example.com]`;
    const settings = stackSettings().replace("target: compose", `target: compose, ${place}`);
    const database = 'database: { url: "postgres://studio:of-the-tests@db:5432/studio" }';
    project.write("studio.yaml", `${settings}\n${database}\n`);
    // Named by its folder, with a certificate that the host is to have and the checkout has not.
    const { name: _name, ...file } = JSON.parse(
      readFileSync(join(project.directory, "compose.yaml"), "utf8"),
    );
    file.services.proxy.volumes = file.services.proxy.volumes.map((mount: string) =>
      mount.replace("./certificates:", "./.studio/certificates/other:"),
    );
    project.write("compose.yaml", JSON.stringify(file));
    const plugins = join(process.env["DOCKER_CONFIG"] ?? join(homedir(), ".docker"), "cli-plugins");
    mkdirSync(join(host.home, ".docker"));
    symlinkSync(plugins, join(host.home, ".docker", "cli-plugins"));
  }, 300_000);

  afterAll(async () => {
    await project?.remove();
    await host?.stop();
  }, 120_000);

  async function run<T>(argv: readonly string[]): Promise<T> {
    const { exitCode, stdout, stderr } = await project.studio([...argv, "--json"], host.env);
    expect(exitCode, stderr + stdout).toBe(0);
    return (JSON.parse(stdout) as { result: T }).result;
  }

  interface Preview {
    plan: { remarks: string[]; steps: string[]; traffic: string; migrations: string[] };
  }

  test("where nothing is yet has a plan of what will be done, and that is done", async () => {
    const { plan } = await run<Preview>([...deploy, "--dry-run"]);
    expect(plan.remarks).toEqual([
      "There is no certificate yet: one for shop.example.com is made, signed by itself, which browsers refuse. Put yours in .studio/certificates/other.",
    ]);
    expect(plan.traffic).toBe("proxy is told of api, and turns the public away until then");
    expect(plan.steps.map((step) => step.replace(/ \d{8}T\S+/, " R"))).toEqual([
      "Check disk, port, configuration and models",
      "Keep what the release is made of",
      "Bring up what it needs: db, proxy",
      expect.stringMatching(/^Apply \d+ migrations$/),
      "Start release R",
      "Wait until it is healthy",
      `Switch the traffic: ${plan.traffic}`,
      "Record the release as the current one",
      "Remove old releases and snapshots",
    ]);
    expect(existsSync(join(home, ".studio", "certificates"))).toBe(false);

    const { release } = await run<{ release: string }>(deploy);
    expect(await serving(project)).toBe(release);
    const [first] = (await run<{ serving: { certificates: { names: string[] }[] } }>(["status"]))
      .serving.certificates;
    expect(first?.names).toEqual(["shop.example.com"]);
    expect(existsSync(join(home, ".studio", "certificates", "other", "privkey.pem"))).toBe(true);
  }, 300_000);

  test("has a plan of the next deploy that knows what runs there", async () => {
    const { plan } = await run<Preview>([...deploy, "--dry-run"]);
    expect(plan.remarks).toEqual([]);
    expect(plan.migrations).toEqual([]);
    const { stdout } = await project.studio(["doctor"], host.env);
    expect(stdout).toMatch(/ok +Schema fits the release/);
  }, 120_000);
});
