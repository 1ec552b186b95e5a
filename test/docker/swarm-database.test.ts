import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noDocker, skipped, testImage } from "../support/docker/images.ts";
import { type OwnSwarm, startOwnSwarm } from "../support/docker/own-swarm.ts";
import { serving } from "../support/docker/stack-words.ts";
import { type SwarmProject, createSwarmProject } from "../support/docker/swarm-project.ts";
import { succeed } from "../support/kill-rounds.ts";
import { addMigration } from "../support/round-migration.ts";

const missing = noDocker();

describe.skipIf(missing !== null)(`a database within a Swarm${skipped(missing)}`, () => {
  let swarm: OwnSwarm;
  let project: SwarmProject;

  beforeAll(async () => {
    swarm = await startOwnSwarm([testImage("app"), testImage("nginx"), testImage("postgres")]);
    project = await createSwarmProject(swarm, { database: true });
  }, 300_000);

  afterAll(async () => {
    await project?.remove();
    swarm?.remove();
  }, 60_000);

  async function schema(): Promise<{ head: string | null; pending: string[] }> {
    return JSON.parse((await succeed(project, ["status", "--json"])).stdout).result.schema;
  }

  test("is started, migrated and backed up by the first deploy", async () => {
    await succeed(project, ["deploy", "--skip-gate"]);
    expect(await schema()).toMatchObject({ head: expect.any(String), pending: [] });
  }, 300_000);

  test("is migrated where the release before can live with that, and taken back on demand alone", async () => {
    const task = database();
    const { head } = await schema();
    const first = await serving(project);
    addMigration(project, 1, false);
    const refused = await project.studio(["deploy", "--skip-gate"]);
    expect(refused.exitCode, refused.stderr).toBe(4);
    const behindAPage = await project.studio(["deploy", "--skip-gate", "--allow-breaking"]);
    expect(behindAPage.exitCode, behindAPage.stderr).toBe(5);
    expect(behindAPage.stderr).toContain("studio down");
    expect(await serving(project)).toBe(first);
    expect(database()).toBe(task);
    await succeed(project, ["down"]);
    await succeed(project, ["deploy", "--skip-gate"]);
    expect((await schema()).head).not.toBe(head);
    const unsafe = await project.studio(["rollback", "--skip-gate"]);
    expect(unsafe.exitCode, unsafe.stderr).toBe(4);
    expect(unsafe.stderr).toContain("rollback --with-down");
    await succeed(project, ["rollback", "--skip-gate", "--with-down", "--yes"]);
    expect(await serving(project)).toBe(first);
    expect((await schema()).head).toBe(head);
  }, 600_000);

  /** The task that holds it. */
  const database = () =>
    project.docker(["service", "ps", "-q", "-f", "desired-state=running", `${project.stack}_db`]);
});
