import { isBlockWord } from "./mysql-body.ts";
import type { Token } from "./token.ts";

/**
 * Where a statement that may hold a compound statement is:
 * - `head`: before it is known what it creates;
 * - `procedure`, `function`: before the list of parameters is complete;
 * - `trigger`: before FOR EACH ROW; `event`: before DO;
 * - `characteristics`: between the parameters and the body;
 * - `start`: the next token begins the body;
 * - `label`: the token before may be the label of the body;
 * - `body`: the token just taken begins the body, a compound statement;
 * - `plain`: the statement ends at the next semicolon;
 * - `unclear`: that cannot be told.
 */
export type RoutinePlace =
  | "head"
  | "procedure"
  | "function"
  | "trigger"
  | "event"
  | "characteristics"
  | "start"
  | "label"
  | "body"
  | "plain"
  | "unclear";

const beforeKind =
  /^(OR|REPLACE|DEFINER|AGGREGATE|CURRENT_USER|CURRENT_ROLE|SQL|SECURITY|INVOKER)$/;
const kinds: Readonly<Record<string, RoutinePlace>> = {
  PROCEDURE: "procedure",
  FUNCTION: "function",
  TRIGGER: "trigger",
  EVENT: "event",
  PACKAGE: "unclear",
};
const characteristics =
  /^(COMMENT|LANGUAGE|SQL|NOT|DETERMINISTIC|CONTAINS|NO|READS|DATA|MODIFIES|SECURITY|DEFINER|INVOKER)$/;

/** Finds the body of CREATE PROCEDURE, FUNCTION, TRIGGER and EVENT, and of ALTER EVENT. */
export class MysqlRoutine {
  place: RoutinePlace = "head";
  #tokens = 0;
  #depth = 0;
  #previous: Token | null = null;
  #isFunction = false;

  take(token: Token): void {
    if (token.text === "(") this.#depth++;
    const isName = this.#previous?.text === ".";
    this.place = this.#next(isName ? { ...token, text: "" } : token);
    if (token.text === ")") this.#depth--;
    this.#previous = token;
    this.#tokens++;
  }

  #next(token: Token): RoutinePlace {
    const { text } = token;
    switch (this.place) {
      case "head":
        return this.#head(token);
      case "procedure":
      case "function":
        if (text === "AS" || text === "IS") return "unclear";
        this.#isFunction = this.place === "function";
        return text === ")" && this.#depth === 1 ? "characteristics" : this.place;
      case "trigger":
        return text === "ROW" && this.#previous?.text === "EACH" ? "start" : "trigger";
      case "event":
        return text === "DO" && this.#depth === 0 ? "start" : "event";
      case "characteristics":
        return this.#characteristics(token);
      case "start":
        return this.#start(token);
      case "label":
        return text === ":" ? "start" : "plain";
      case "body":
      case "plain":
      case "unclear":
        return this.place;
    }
  }

  #head({ text, kind }: Token): RoutinePlace {
    if (this.#tokens === 0) {
      // MariaDB runs compound statements by themselves; BEGIN needs NOT ATOMIC after it.
      if (isBlockWord(text)) return text === "BEGIN" ? "head" : "body";
      return text === "CREATE" || text === "ALTER" ? "head" : "plain";
    }
    if (this.#previous?.text === "BEGIN") return text === "NOT" ? "head" : "plain";
    if (this.#previous?.text === "NOT") return text === "ATOMIC" ? "body" : "plain";
    const isUser = kind !== "word" || this.#previous?.text === "=";
    if (isUser || beforeKind.test(text)) return "head";
    return kinds[text] ?? "plain";
  }

  #characteristics(token: Token): RoutinePlace {
    const { text, kind } = token;
    if (text === "AS" || text === "IS") return "unclear";
    if (!this.#isFunction) {
      return kind === "string" || characteristics.test(text) ? this.place : this.#start(token);
    }
    // The type that a function returns is not looked at: it must have a RETURN or a body.
    if (text === "RETURN") return "plain";
    return isBlockWord(text) && this.#depth === 0 ? "body" : this.place;
  }

  #start(token: Token): RoutinePlace {
    if (isBlockWord(token.text)) return "body";
    if (token.text === "FOLLOWS" || token.text === "PRECEDES") return "start";
    if (this.#previous?.text === "FOLLOWS" || this.#previous?.text === "PRECEDES") return "start";
    return token.kind === "word" || token.kind === "name" ? "label" : "plain";
  }
}
