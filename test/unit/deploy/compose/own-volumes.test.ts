import { expect, test } from "vitest";
import { declaredVolumes } from "../../../../src/deploy/targets/compose/declared-volumes.ts";
import type { Docker } from "../../../../src/deploy/targets/compose/docker.ts";
import { findVolumes, removeVolumes } from "../../../../src/deploy/targets/compose/own-volumes.ts";
import type { StepRun } from "../../../../src/operation/step.ts";

const label = "com.docker.compose.project=shop";

const declared = declaredVolumes(
  "shop",
  [
    {
      services: {
        db: { volumes: [{ type: "volume", source: "rows" }] },
        "api-blue": {
          volumes: [
            { type: "volume", source: "rows" },
            { type: "volume", source: "media" },
            { type: "bind", source: "elsewhere" },
          ],
        },
      },
      volumes: {
        rows: null,
        media: { name: "media-of-all", external: true },
        elsewhere: { name: "elsewhere" },
      },
    },
  ],
  (service) => service.replace(/-blue$/, ""),
);

const unnamed = "0123456789abcdef".repeat(4);

/** An engine with these volumes, in which each of the stack's is used by the containers named. */
function engine(users: Record<string, string[]> = {}) {
  const present = ["shop_rows", "shop_old", "media-of-all", "elsewhere", unnamed, "others"];
  const removed: string[] = [];
  const answer = (argv: readonly string[]): string => {
    const words = argv.join(" ");
    if (words.startsWith("volume ls")) {
      return (words.includes(label) ? ["shop_rows", "shop_old"] : present).join("\n");
    }
    if (words.startsWith("ps -aq --no-trunc")) return "c1\n";
    if (words.startsWith("ps -a ")) {
      const name = /volume=(\S+)/.exec(words)?.[1] ?? "";
      return (users[name] ?? []).join("\n");
    }
    if (words.startsWith("container inspect")) {
      const Mounts = [{ Type: "volume", Name: unnamed }, { Type: "bind" }];
      return JSON.stringify([
        { Config: { Labels: { "com.docker.compose.service": "cache" } }, Mounts },
      ]);
    }
    if (words.startsWith("system df")) {
      return JSON.stringify([
        { Name: "shop_rows", Size: "12.3MB" },
        { Name: unnamed, Size: "N/A" },
      ]);
    }
    return "";
  };
  const docker: Pick<Docker, "ask" | "attempt" | "act"> = {
    ask: async (argv) => answer(argv),
    attempt: async (argv) => ({ exitCode: 0, stdout: answer(argv), stderr: "", signal: null }),
    async act(_run, argv) {
      if (argv.at(-1) === "others") throw new Error("volume is in use");
      removed.push(argv.join(" "));
    },
  };
  return { docker: docker as Docker, removed };
}

test("what was made for the stack and is part of it goes; what is only one of both stays", async () => {
  const { own, remarks } = await findVolumes(engine().docker, { label, declared });
  expect(own).toEqual([
    { name: "shop_rows", services: ["db", "api"], size: "12.3MB" },
    { name: unnamed, services: ["cache"], size: null },
  ]);
  expect(remarks).toEqual([
    "media-of-all is external: it stays.",
    "elsewhere was not made for this stack: it stays.",
    expect.stringContaining("shop_old is not part of the release: it stays"),
  ]);
});

test("a volume that a container of others mounts is not taken from it", async () => {
  const { docker } = engine({ shop_rows: ["shop-db-1\tshop\tFalse", "reader\t\t"] });
  await expect(findVolumes(docker, { label, declared })).rejects.toMatchObject({
    exitCode: 2,
    message: expect.stringContaining("shop_rows is also that of reader,"),
    hint: expect.stringContaining("docker rm -f reader"),
  });
});

test("nor from one that was run by hand beside the stack", async () => {
  const { docker } = engine({ shop_rows: ["shop-db-run-1\tshop\tTrue"] });
  await expect(findVolumes(docker, { label, declared })).rejects.toMatchObject({ exitCode: 2 });
});

test("what cannot be removed is told, and what is gone already counts as removed", async () => {
  const { docker, removed } = engine();
  const run = { effect: async (_name, act) => act(() => {}), say: () => {} } as Pick<
    StepRun,
    "effect" | "say"
  > as StepRun;
  expect(await removeVolumes(docker, run, ["shop_rows", "gone", "others"])).toEqual({
    removed: ["shop_rows", "gone"],
    left: [{ name: "others", reason: "volume is in use" }],
  });
  expect(removed).toEqual(["volume rm shop_rows"]);
});
