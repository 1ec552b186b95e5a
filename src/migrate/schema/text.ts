export { formatSchema } from "./text/format.ts";
export { parseSchema } from "./text/parse.ts";
