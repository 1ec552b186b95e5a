import { describe, expect, test } from "vitest";
import { registry } from "../../../commands/registry.ts";
import { type Parsed, parseArguments } from "../../../src/cli/program.ts";
import { StudioError } from "../../../src/errors.ts";

const parse = (line: string): Promise<Parsed> =>
  parseArguments(registry, line === "" ? [] : line.split(" "), "1.2.3");

async function pageOf(line: string): Promise<string> {
  const { action } = await parse(line);
  return action.kind === "print" ? action.text : "";
}

describe("help", () => {
  test.each([
    ["", "Usage: studio [options] [command]"],
    ["help", "Usage: studio [options] [command]"],
    ["backup", "Usage: studio backup [options] [command]"],
    ["help backup", "Usage: studio backup [options] [command]"],
    ["help deploy", "Usage: studio deploy [options]"],
    ["--env production help deploy", "Usage: studio deploy [options]"],
    ["help backup restore", "Usage: studio backup restore [options] <ID> [PATH...]"],
  ])("studio %s shows its page", async (line, usage) => {
    expect((await pageOf(line)).split("\n")[0]).toBe(usage);
  });

  test("the page of a command is the same, however it is asked for", async () => {
    expect(await pageOf("help deploy")).toBe(await pageOf("deploy --help"));
    expect(await pageOf("help deploy")).toContain("Exit codes:");
  });

  test("the root page lists each command in its group, and no command of commander's own", async () => {
    const page = await pageOf("--help");
    expect(page).not.toMatch(/^Commands:/m);
    expect(page).not.toContain("help [command]");
    expect(page).toMatch(/^Deploy:\n {2}deploy /m);
  });

  test.each(["nope", "help nope", "nope --help", "backup nope -h"])(
    "studio %s is refused by the word that leads nowhere",
    async (line) => {
      const { action } = await parse(line);
      const error = action.kind === "refuse" ? action.error : null;
      expect(error).toBeInstanceOf(StudioError);
      expect(error).toMatchObject({
        exitCode: 2,
        message: expect.stringContaining("Unknown command 'nope'"),
        hint: expect.stringContaining("--help"),
      });
    },
  );

  test("a word of another group is shown where it stands", async () => {
    const { action } = await parse("restore");
    expect(action).toMatchObject({
      error: { hint: expect.stringContaining("`studio backup restore`") },
    });
  });
});

test.each([
  ["bench baseline", ["bench"], ["baseline"]],
  ["bench baseline --duration 1s", ["bench"], ["baseline"]],
  ["bench baseline set main", ["bench", "baseline", "set"], ["main"]],
])("studio %s is found, though a scenario and a group share a name", async (line, words, given) => {
  const parsed = await parse(line);
  expect(parsed).toMatchObject({ words, action: { kind: "run", input: { arguments: given } } });
});

test("a command whose module cannot be loaded is refused with the words that were typed", async () => {
  const failure = new Error("unreadable");
  const load = () => Promise.reject(failure);
  const entries = [{ words: "broken", summary: "Does not load", group: "Test:", load }];
  const parsed = await parseArguments({ entries, groups: {} }, ["broken", "--json"], "1.2.3");
  expect(parsed).toMatchObject({ words: ["broken"], action: { kind: "refuse", error: failure } });
});
