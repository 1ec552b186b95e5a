/**
 * Where the tags of studio's own lie. A name of Compose's has no slash, so what begins like one
 * project's belongs to no other: `shop-eu` has no part in those of `shop`.
 */
export const ownImage = (project: string, service: string): string =>
  `studio/${project}/${service}`;

/** All of a project's, as the engine takes a filter. */
export const ownImages = (project: string): string => ownImage(project, "*");
