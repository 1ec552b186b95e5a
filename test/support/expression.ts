/** What an expression of Prometheus reads: a metric with the labels it is asked for. */
export interface Reading {
  metric: string;
  labels: string[];
}

const keywords = new Set(
  "and or unless bool offset by without on ignoring group_left group_right".split(" "),
);

/**
 * The metrics of an expression, each with the labels in its braces and those that the expression
 * groups by. Enough of the language for expressions that promtool has found to be right.
 */
export function readingsOf(expression: string): Reading[] {
  const plain = expression
    .replaceAll(/"(?:[^"\\]|\\.)*"/g, '""')
    .replaceAll(/\$__rate_interval/g, "5m")
    .replaceAll(/\[[^\]]*\]/g, "");
  const grouped: string[] = [];
  const rest = plain.replaceAll(
    /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^)]*)\)/g,
    (_whole, names: string) => {
      grouped.push(
        ...names
          .split(",")
          .map((name) => name.trim())
          .filter(Boolean),
      );
      return " ";
    },
  );
  const readings: Reading[] = [];
  const pattern = /([a-zA-Z_:][a-zA-Z0-9_:]*)\s*(\{[^}]*\}|\()?|\d[\w.]*/g;
  for (const [, name, after = ""] of rest.matchAll(pattern)) {
    if (name === undefined || after === "(" || keywords.has(name)) continue;
    const own = [...after.matchAll(/([a-zA-Z_]\w*)\s*(?:=~|!~|!=|=)/g)].map(
      ([, label = ""]) => label,
    );
    readings.push({ metric: name, labels: [...new Set([...own, ...grouped])] });
  }
  return readings;
}
