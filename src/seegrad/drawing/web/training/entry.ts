// The entry of the build with training: playgrounds and films too.

import { Explorer } from "../explorer/explorer.ts";
import { pageOf } from "../page.ts";
import { FilmStrip } from "./film.ts";
import { Playground } from "./playground.ts";
import "./words.ts";

export const { mount, read } = pageOf((root, data, options) =>
  data.program?.train
    ? new Playground(root, data, options)
    : new Explorer(root, data, options, (session) =>
        session.scene.moments?.length ? [new FilmStrip(session).box] : [],
      ),
);
