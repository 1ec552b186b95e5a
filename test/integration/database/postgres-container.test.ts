import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { containerPostgresPrograms } from "../../../src/database/postgres/container-programs.ts";
import { drillPostgres } from "../../../src/database/postgres/restore-database.ts";
import { createIdentifier } from "../../../src/identifier.ts";
import { startPostgres } from "../../support/postgres.ts";
import { contentsOf, createShop, dumpShop, temporaryFolder } from "./postgres-shop.ts";

const server = await startPostgres();
afterAll(() => server?.stop());

/**
 * Stands in for docker with this machine as the container: `exec` hands on only the variables that
 * are named, and `cp` copies. Every call is noted with its arguments.
 */
const standIn = `#!/bin/bash
echo "$*" >> "$HOME/calls"
verb=$1; shift
if [ "$verb" = cp ]; then exec cp -r "\${1#db:}" "\${2#db:}"; fi
variables=()
while [ "$1" = -e ]; do variables+=("$2=\${!2}"); shift 2; done
[ "$1" = db ] || { echo "Error: No such container: $1" >&2; exit 1; }
shift
exec env -i PATH="$PATH" "\${variables[@]}" "$@"
`;

describe.skipIf(server === null)("PostgreSQL's programs in a container", () => {
  if (server === null) return;

  function container(name = "db") {
    const home = temporaryFolder();
    const inside = temporaryFolder();
    writeFileSync(join(home, "docker"), standIn, { mode: 0o755 });
    const env = { PATH: `${home}:${process.env["PATH"]}`, HOME: home };
    const programs = containerPostgresPrograms({
      container: name,
      env,
      server: { host: server!.host, port: server!.port },
      folder: inside,
    });
    return { programs, home, inside };
  }

  test("dump and restore as those of the host do, and leave nothing in it", async () => {
    const shop = await createShop(await server.createDatabase());
    const { programs, home, inside } = container();
    const dump = await dumpShop(shop, { programs });
    expect(contentsOf(dump.folder)).toEqual(contentsOf((await dumpShop(shop)).folder));
    const database = new URL(shop.url).pathname.slice(1);
    const options = { address: shop.address, programs, from: dump.folder, jobs: 2 };
    await drillPostgres(options, { database, id: createIdentifier(new Date()) });
    expect(readdirSync(inside)).toEqual([]);
    const calls = readFileSync(join(home, "calls"), "utf8");
    expect(calls).toContain("-e PGPASSWORD");
    expect(calls).not.toContain(server.password);
  });

  test("that is not there is an error with the next step", async () => {
    const shop = await createShop(await server.createDatabase());
    await expect(dumpShop(shop, container("absent"))).rejects.toMatchObject({
      code: "database.containerUnreachable",
      exitCode: 8,
      message: expect.stringContaining("No such container: absent"),
      hint: expect.stringContaining("docker ps"),
    });
  });

  test("ends what runs in it when the dump is aborted", async () => {
    const shop = await createShop(await server.createDatabase());
    const { programs, inside } = container();
    const controller = new AbortController();
    const looking = setInterval(() => {
      // The program has noted its number: it runs.
      if (readdirSync(inside).length === 2) controller.abort(new Error("enough"));
    }, 5);
    const dumping = dumpShop(shop, { programs, signal: controller.signal });
    await expect(dumping).rejects.toThrow("enough");
    clearInterval(looking);
    expect(readdirSync(inside).filter((name) => !name.endsWith(".stop"))).toEqual([]);
  });
});
