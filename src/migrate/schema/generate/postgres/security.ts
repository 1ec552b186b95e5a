import type { Policy, Table } from "../../model.ts";
import { pairByName } from "../../pairs.ts";
import { samePolicy } from "../../same/table.ts";
import { type Step, steps } from "../step.ts";
import { createPolicy, quote, quotePath } from "./write.ts";

/** The policies that change, or use a column that is in the way. */
export function policyChanges(before: Table, after: Table, inTheWay: (policy: Policy) => boolean) {
  const policies = (table: Table) => table.rowSecurity?.policies ?? [];
  const pairs = pairByName(policies(before), policies(after));
  const changed = pairs.both.filter(
    ([one, other]) => inTheWay(one) || !samePolicy(one, other, "postgres"),
  );
  return {
    drop: [...pairs.removed, ...changed.map(([one]) => one)],
    create: [...pairs.added, ...changed.map(([, other]) => other)],
  };
}

export function dropPolicies(policies: readonly Policy[], table: string): Step[] {
  return steps(...policies.map(({ name }) => `DROP POLICY ${quote(name)} ON ${quotePath(table)}`));
}

/**
 * What is made once the columns are as they should be.
 * @param remade the names of policies that were dropped on the way
 */
export function securitySteps(before: Table, after: Table, remade: ReadonlySet<string>): Step[] {
  const [one, other] = [before.rowSecurity, after.rowSecurity];
  const table = `ALTER TABLE ${quotePath(after.name)}`;
  const { create } = policyChanges(before, after, ({ name }) => remade.has(name));
  const enabled = other?.enabled ?? false;
  const forced = other?.forced ?? false;
  return steps(
    ...create.map((policy) => createPolicy(policy, after.name)),
    (one?.enabled ?? false) === enabled
      ? null
      : `${table} ${enabled ? "ENABLE" : "DISABLE"} ROW LEVEL SECURITY`,
    (one?.forced ?? false) === forced
      ? null
      : `${table} ${forced ? "FORCE" : "NO FORCE"} ROW LEVEL SECURITY`,
  );
}
