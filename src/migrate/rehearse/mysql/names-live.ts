/**
 * Whether a text names something in a database: `shop.users`, `` `shop`.`users` ``. A word in a
 * string or a comment counts too: a copy on the same server must never write into the original.
 */
export function namesDatabase(text: string, database: string): boolean {
  const plain = database.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  const quoted = database.replaceAll("`", "``").replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  // Names of databases differ by case only on some systems.
  return new RegExp(`(?:\`${quoted}\`|"${plain}"|(?<![\\w$\`"@.])${plain})\\s*\\.`, "i").test(text);
}
