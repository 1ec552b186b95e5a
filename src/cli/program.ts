import { Command as Program, CommanderError, Option } from "commander";
import { type ExitCode, exitCodeMeanings, usageError } from "../errors.ts";
import type { Command, Input } from "./command.ts";
import type { GlobalOptions } from "./context.ts";
import { type Match, type Registry, matchWords } from "./registry.ts";

export interface Parsed {
  words: string[];
  /** A text to print with exit code 0 (help, version), or the command to run. */
  action:
    | { kind: "print"; text: string }
    | { kind: "run"; command: Command; input: Input }
    | { kind: "refuse"; error: unknown };
  options: GlobalOptions;
}

/**
 * Reads what was typed. Only the module of the command that was named is loaded; one that cannot
 * be loaded is refused like anything else, so that `--json` gets its document.
 */
export async function parseArguments(
  registry: Registry,
  argv: readonly string[],
  version: string,
): Promise<Parsed> {
  const line = withoutHelpWord(registry, argv);
  const match = matchWords(registry, line);
  const texts = { printed: "", complaint: "" };
  let root = createRoot(version, texts);
  const finish = (action: Parsed["action"]): Parsed => ({
    words: match.words,
    action,
    options: root.opts<GlobalOptions>(),
  });
  try {
    const command = match.entry === null ? null : (await match.entry.load()).default;
    if (command !== null && hasOwnVersion(command)) root = createRoot(null, texts);
    const leaf = growTree(root, registry, match);
    return finish(parse({ registry, root, leaf, command, match, argv: line, texts }));
  } catch (error) {
    return finish({ kind: "refuse", error });
  }
}

/** `studio help deploy` is `studio deploy --help`. */
function withoutHelpWord(registry: Registry, argv: readonly string[]): readonly string[] {
  const { words, unknown } = matchWords(registry, argv);
  if (words.length > 0 || unknown !== "help") return argv;
  return [...argv.toSpliced(argv.indexOf("help"), 1), "--help"];
}

interface ParseInput {
  registry: Registry;
  root: Program;
  /** The node of the words that were typed; the command's own, when they lead to one. */
  leaf: Program;
  command: Command | null;
  match: Match;
  argv: readonly string[];
  texts: Texts;
}

/** What commander would have written. */
interface Texts {
  printed: string;
  complaint: string;
}

function parse(task: ParseInput): Parsed["action"] {
  const { registry, root, leaf, command, match, argv, texts } = task;
  let input: Input | null = null;
  if (command !== null) {
    dress(leaf, command);
    leaf.action(() => {
      input = { arguments: leaf.args, options: leaf.opts() };
    });
  }
  if (command === null && match.unknown === null && !asksForText(argv)) {
    leaf.outputHelp();
    root.parseOptions([...argv]);
    return { kind: "print", text: texts.printed };
  }
  // A page is asked for, but of nothing there is: then the unknown word is what to tell.
  const line = match.unknown === null ? argv : argv.filter((word) => !helpFlags.includes(word));
  try {
    root.parse(line, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: "print", text: texts.printed };
    const path = ["studio", ...match.words].join(" ");
    const message = texts.complaint
      .trim()
      .replace(/^error: /, "")
      .replaceAll("\n", " ");
    const hint = `${elsewhere(registry, match)}\`${path} --help\` shows what can be typed.`;
    return { kind: "refuse", error: usageError(sentence(message), hint) };
  }
  if (command === null || input === null) throw new Error("commander ran no action");
  return { kind: "run", command, input };
}

/** A word that is a command in a group: `restore` of `backup`. */
function elsewhere({ entries }: Registry, { unknown }: Match): string {
  if (unknown === null) return "";
  const found = entries.filter(
    ({ words, hidden }) => hidden !== true && words.endsWith(` ${unknown}`),
  );
  if (found.length === 0) return "";
  return `There is ${found.map(({ words }) => `\`studio ${words}\``).join(" and ")}. `;
}

const helpFlags = ["--help", "-h"];

function asksForText(argv: readonly string[]): boolean {
  const before = argv.includes("--") ? argv.slice(0, argv.indexOf("--")) : argv;
  return before.some((word) => [...helpFlags, "--version", "-V"].includes(word));
}

function sentence(text: string): string {
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?)]$/.test(whole) ? whole : `${whole}.`;
}

/** Where `--version` names the version of something else, it does not print that of studio. */
function hasOwnVersion({ options = [] }: Command): boolean {
  return options.some(({ flags }) => /^--version\b/.test(flags));
}

/** @param version null: there is no option that prints it */
function createRoot(version: string | null, texts: Texts): Program {
  const root = new Program("studio");
  if (version !== null) root.version(version, "-V, --version", "Print the version");
  return root
    .description("Run a self-hosted AI studio: every change is planned, journaled and undoable.")
    .helpOption("-h, --help", "Show help")
    .option("--env <name>", 'Environment to act on (default "local", or STUDIO_ENV)')
    .option("--config <file>", "Project file (default: the nearest studio.yaml)")
    .option("--json", "Print one JSON document", false)
    .option("-y, --yes", "Answer every confirmation with yes", false)
    .option("-n, --dry-run", "Show what would change, and change nothing", false)
    .option("--no-input", "Never ask; a missing answer is an error")
    .option("-q, --quiet", "Print results, warnings and errors alone", false)
    .option("-v, --verbose", "Tell more on stderr", false)
    .option("--no-color", "Print without colours")
    .configureHelp({ showGlobalOptions: true, sortSubcommands: false })
    .configureOutput({
      writeOut: (text) => (texts.printed += text),
      writeErr: (text) => (texts.complaint += text),
    })
    .helpCommand(false)
    .exitOverride();
}

/** Adds the commands of the registry; returns the node that the matched words lead to. */
function growTree(root: Program, registry: Registry, { words, group }: Match): Program {
  const nodes = new Map<string, Program>([["", root]]);
  for (const entry of registry.entries) {
    // commander would take the operand for the group.
    if (group !== null && entry.words.startsWith(`${group} `)) continue;
    const path = entry.words.split(" ");
    for (let length = 1; length <= path.length; length += 1) {
      const key = path.slice(0, length).join(" ");
      if (nodes.has(key)) continue;
      const parent = nodes.get(path.slice(0, length - 1).join(" ")) as Program;
      const isLeaf = length === path.length;
      const node = parent.createCommand(path[length - 1] ?? "");
      node.copyInheritedSettings(parent);
      node.helpGroup(length === 1 ? entry.group : "Commands:");
      node.summary(isLeaf ? entry.summary : (registry.groups[key] ?? ""));
      node.description(isLeaf ? entry.summary : (registry.groups[key] ?? ""));
      node.helpCommand(false);
      parent.addCommand(node, { hidden: entry.hidden === true && isLeaf });
      nodes.set(key, node);
    }
  }
  return nodes.get(words.join(" ")) ?? root;
}

function dress(leaf: Program, command: Command): void {
  if (command.description !== undefined) leaf.description(command.description);
  for (const argument of command.arguments ?? []) {
    const name = argument.variadic === true ? `${argument.name}...` : argument.name;
    leaf.argument(argument.required === true ? `<${name}>` : `[${name}]`, argument.summary);
  }
  for (const spec of command.options ?? []) {
    const option = new Option(spec.flags, spec.summary);
    if (spec.default !== undefined) option.default(spec.default);
    if (spec.hidden === true) option.hideHelp();
    if (spec.repeatable === true) {
      option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), value]);
    }
    leaf.addOption(option);
  }
  leaf.addHelpText("after", () => helpTail(command));
}

function helpTail(command: Command): string {
  const width = Math.max(...command.examples.map((example) => example.line.length));
  const examples = command.examples.map(
    (example) => `  ${example.line.padEnd(width)}  ${example.does}`,
  );
  const codes = command.exitCodes.map((code: ExitCode) => `  ${code}  ${exitCodeMeanings[code]}`);
  return `\nExamples:\n${examples.join("\n")}\n\nExit codes:\n${codes.join("\n")}`;
}
