import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { listContainers } from "../../../../src/deploy/targets/compose/containers.ts";
import { createDocker } from "../../../../src/deploy/targets/compose/docker.ts";

const inspected = JSON.stringify([
  {
    Id: "one",
    Name: "/shop-api-1",
    Path: "node",
    State: { Running: true },
    HostConfig: {},
    Config: { Labels: { "com.docker.compose.service": "api" } },
    NetworkSettings: { Networks: {} },
    Mounts: [],
  },
]);

describe("the containers of a project", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "studio-docker-"));
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  /** An engine that lists two, and says this when it is asked for them. */
  function listTwo(complaint: string) {
    const script = `#!/bin/sh
if [ "$1" = ps ]; then printf 'one\\ntwo\\n'; exit 0; fi
printf '%s' '${inspected}'
echo '${complaint}' >&2
exit 1
`;
    writeFileSync(join(folder, "docker"), script, { mode: 0o755 });
    const env = { PATH: `${folder}:${process.env["PATH"]}` };
    return listContainers(createDocker({ cwd: folder, env }), "shop");
  }

  test.each([
    "Error response from daemon: No such container: two",
    // As engines say it of what is a Swarm's.
    "Error response from daemon: task two not found",
  ])(
    "are those that are still there, where one is gone when it is asked for: %s",
    async (words) => {
      const found = await listTwo(words);
      expect(found.map(({ service }) => service)).toEqual(["api"]);
    },
  );

  test("are not none where the engine stops answering meanwhile", async () => {
    await expect(listTwo("Cannot connect to the Docker daemon at unix:///x")).rejects.toMatchObject(
      {
        code: "docker.unreachable",
        exitCode: 8,
      },
    );
  });
});
