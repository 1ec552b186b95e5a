import { StudioError, exitCodes } from "../errors.ts";
import { crontabCommand } from "./crontab-command.ts";
import { byteText } from "./crontab.ts";
import { type Service, type Start, studioWords, theRelease } from "./service.ts";

type Name = Pick<Service, "project" | "environment">;

const beginning = ({ project, environment }: Name) =>
  `# >>> studio service ${project}/${environment} >>>`;
const ending = ({ project, environment }: Name) =>
  `# <<< studio service ${project}/${environment} <<<`;

/** The service's lines between their markers. cron restarts nothing: what it starts sees to that. */
export function crontabBlock(service: Service, { kind }: Start = theRelease): string {
  const words = studioWords(service, kind === "daemon" ? ["serve", "--detach"] : ["up"]);
  const command = crontabCommand(service.directory, words);
  return `${beginning(service)}\n@reboot ${command}\n${ending(service)}\n`;
}

/** The crontab, a byte text, with the service's block: in its old place, or at the end. */
export function addBlock(crontab: string, service: Service, start: Start = theRelease): string {
  const place = findBlock(crontab, service);
  const block = byteText(crontabBlock(service, start));
  if (place !== null) return crontab.slice(0, place.start) + block + crontab.slice(place.end);
  // cron ignores or refuses a last line without its line break.
  const gap = crontab === "" || crontab.endsWith("\n") ? "" : "\n";
  return crontab + gap + block;
}

/** The crontab without the service's block; every other byte stays. */
export function removeBlock(crontab: string, service: Name): string {
  const place = findBlock(crontab, service);
  return place === null ? crontab : crontab.slice(0, place.start) + crontab.slice(place.end);
}

function findBlock(crontab: string, service: Name): { start: number; end: number } | null {
  const starts = linePlaces(crontab, beginning(service));
  const ends = linePlaces(crontab, ending(service));
  if (starts.length === 0 && ends.length === 0) return null;
  const [start] = starts;
  const [end] = ends;
  const whole = starts.length === 1 && ends.length === 1;
  if (!whole || start === undefined || end === undefined || end.start < start.start) {
    throw new StudioError({
      code: "service.crontab-markers",
      message: `The crontab's lines "${beginning(service)}" and "${ending(service)}" are not one pair. Nothing was changed.`,
      hint: "Remove what is between them and both lines with crontab -e, then type it again.",
      exitCode: exitCodes.usage,
    });
  }
  return { start: start.start, end: end.end };
}

/** Where a line of exactly this text lies, its line break included. */
function linePlaces(text: string, line: string): { start: number; end: number }[] {
  const places: { start: number; end: number }[] = [];
  let start = 0;
  for (const one of text.split("\n")) {
    const end = Math.min(start + one.length + 1, text.length);
    if (one === line) places.push({ start, end });
    start = end;
  }
  return places;
}
