// Visits of a site, counted at the edge.
//
// A Worker's connections belong to the request that opened them. A Durable Object keeps its own: so all requests
// of one place share one client, whose commands go out together.

import { DurableObject } from "cloudflare:workers";
import { connect } from "redmux";

export class Counters extends DurableObject {
  /** The client, which connects with the first request and by itself again. */
  #redis;

  #client() {
    this.#redis ??= connect(this.env.REDIS_URL, { clientName: "counters" }).catch((error) => {
      // The next request tries again.
      this.#redis = undefined;
      throw error;
    });
    return this.#redis;
  }

  async visit(page) {
    const redis = await this.#client();
    // Both in one round trip, together with those of other requests.
    const [visits, rank] = await Promise.all([redis.incr(`visits:${page}`), redis.zIncrBy("ranking", 1, page)]);
    return { page, visits, rank };
  }

  async ranking() {
    const redis = await this.#client();
    return redis.zRangeWithScores("ranking", 0, 9, { REV: true });
  }
}

export default {
  async fetch(request, env) {
    const counters = env.COUNTERS.get(env.COUNTERS.idFromName("all"));
    const { pathname } = new URL(request.url);
    try {
      return Response.json(await (pathname === "/ranking" ? counters.ranking() : counters.visit(pathname)));
    } catch (error) {
      console.error(error.message);
      return new Response("not counted", { status: 503, headers: { "retry-after": "1" } });
    }
  },
};
