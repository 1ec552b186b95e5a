import type { Project } from "../config/project.ts";

/** The same place, but for the repository of its backups. */
export function atRepository<Place extends { project: Pick<Project, "settings"> }>(
  place: Place,
  repository: string,
): Place {
  const { project } = place;
  const backup = { ...project.settings.backup, repository };
  return { ...place, project: { ...project, settings: { ...project.settings, backup } } };
}
