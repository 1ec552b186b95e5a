/** What a comment `-- studio: …` tells studio. */
export type Directive =
  | { name: "up" | "down" | "no-transaction" }
  | { name: "compatible"; value: boolean }
  | { name: "allow"; rules: string[]; reason: string };

/** A comment that was meant for studio, and cannot be understood. */
export interface BadDirective {
  name: null;
  /** What is wrong with it, as half a sentence. */
  reason: string;
}

const known = ["up", "down", "no-transaction", "compatible", "allow"];
/** dbmate, goose, sql-migrate and node-pg-migrate mark their sections so. */
const foreign = /^--\s*(migrate:(up|down)\b|\+(goose|migrate)\s|(up|down) migration\s*$)/i;

/** Reads a comment, with the marks that begin it; null for one that is not meant for studio. */
export function readDirective(comment: string): Directive | BadDirective | null {
  if (foreign.test(comment)) {
    return bad(`"${comment.trim()}" is another tool's; write -- studio: up and -- studio: down`);
  }
  const [, mark, colon, text = ""] = /^(--|#|\/\*)\s*studio\s*(:?)([^\n]*)/i.exec(comment) ?? [];
  if (mark === undefined) return null;
  if (colon === "") {
    return /^\s*(up|down)\s*$/i.test(text) ? bad("a colon is missing after studio") : null;
  }
  const [, name = "", rest = ""] = /^\s*(\S*)\s*(.*?)\s*$/.exec(text) ?? [];
  if (mark !== "--") {
    const isMeant = known.includes(name.toLowerCase());
    return isMeant ? bad("studio: is read in comments that begin with -- only") : null;
  }
  return directiveOf(name.toLowerCase(), rest);
}

function directiveOf(name: string, rest: string): Directive | BadDirective {
  switch (name) {
    case "up":
    case "down":
    case "no-transaction":
      return rest === "" ? { name } : bad(`nothing may follow "${name}"`);
    case "compatible":
      if (rest === "true" || rest === "false") return { name, value: rest === "true" };
      return bad('"compatible" must be followed by true or false');
    case "allow":
      return allowOf(rest);
    default:
      return bad(`"${name}" is none of what follows -- studio: (${known.join(", ")})`);
  }
}

/** `RULE, RULE reason`. */
function allowOf(rest: string): Directive | BadDirective {
  const [, rules, reason = ""] =
    /^([a-z][\w-]*(?:\s*,\s*[a-z][\w-]*)*)(?:\s+(.*))?$/i.exec(rest) ?? [];
  if (rules === undefined) return bad('"allow" must be followed by the name of a rule');
  return { name: "allow", rules: rules.split(/\s*,\s*/), reason };
}

function bad(reason: string): BadDirective {
  return { name: null, reason };
}
