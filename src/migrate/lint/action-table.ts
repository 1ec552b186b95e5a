import type { ActionKind, ActionOf, SchemaAction } from "./actions.ts";

/** What is to be done with an action, by its kind; kinds that are absent need nothing. */
export type ActionTable<Context, Result> = {
  readonly [Kind in ActionKind]?: (action: ActionOf<Kind>, context: Context) => Result;
};

/** The result for the action's kind; undefined where the table has none. */
export function lookUp<Context, Result>(
  table: ActionTable<Context, Result>,
  action: SchemaAction,
  context: Context,
): Result | undefined {
  const handle = table[action.kind] as
    | ((action: SchemaAction, context: Context) => Result)
    | undefined;
  return handle?.(action, context);
}
