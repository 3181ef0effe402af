// The catalogue of a shop: products as documents that are searched by words, by likeness and by facets; sales by time; visitors.
// The same in a page and in Node: `redis` is a client of the package.

import "redmux/bloom";
import "redmux/json";
import { query } from "redmux/search";
import "redmux/time-series";

const INDEX = "catalog";
const keyOf = (id) => `catalog:product:${id}`;

const SCHEMA = {
  "$.id": { type: "TAG", AS: "id" },
  "$.name": { type: "TEXT", AS: "name", WEIGHT: 2 },
  "$.about": { type: "TEXT", AS: "about" },
  "$.category": { type: "TAG", AS: "category", SORTABLE: true },
  "$.price": { type: "NUMERIC", AS: "price", SORTABLE: true },
  // What a model makes of the text. Here it is by hand: how bright, how warm, how large.
  "$.feel": { type: "VECTOR", AS: "feel", ALGORITHM: "HNSW", TYPE: "FLOAT32", DIM: 3, DISTANCE_METRIC: "COSINE" },
};

const PRODUCTS = [
  ["lamp", "A warm light for the desk", "light", 39.5, [0.9, 0.7, 0.3]],
  ["candle", "A small light, and warm", "light", 4.5, [0.4, 0.9, 0.1]],
  ["lantern", "A light for the garden", "light", 24, [0.8, 0.6, 0.4]],
  ["sofa", "Large and soft", "furniture", 890, [0.2, 0.5, 1]],
  ["stool", "A light goes on it", "furniture", 49, [0.1, 0.1, 0.4]],
].map(([id, about, category, price, feel]) => ({ id, name: `The ${id}`, about, category, price, feel, left: 3 }));

/** The index, and the products that are not there yet. */
export async function fill(redis) {
  try {
    await redis.ftCreate(INDEX, SCHEMA, { ON: "JSON", PREFIX: keyOf("") });
  } catch (error) {
    // Another page may have made it at the same time.
    if (!(await redis.ftList()).includes(INDEX)) throw error;
  }
  // All in one round trip.
  await Promise.all(PRODUCTS.map((product) => redis.jsonSet(keyOf(product.id), "$", product, { NX: true })));
}

/** What somebody looks for. The server reads no value as the language of queries, whatever is typed. */
function wanted({ words = "", most = Infinity, category = null }) {
  let all = query`@price:[-inf ${most}]`;
  if (/[\p{L}\p{N}]/u.test(words)) all = query`${all} ${words}`;
  return category === null ? all : query`${all} @category:{${category}}`;
}

const productsOf = ({ documents }) => documents.map(({ value }) => value).filter((product) => product !== null);

/** The products with these words, up to this price and of this category; the cheapest come first. */
export async function search(redis, filter) {
  return productsOf(await redis.ftSearch(INDEX, wanted(filter), { SORTBY: "price", LIMIT: [0, 50] }));
}

/** The products whose feel is nearest to that of this one. */
export async function similar(redis, { id, feel }, most) {
  const nearest = query`(-@id:{${id}})=>[KNN ${most} @feel ${Float32Array.from(feel)} AS distance]`;
  return productsOf(await redis.ftSearch(INDEX, nearest, { SORTBY: "distance", LIMIT: [0, most] }));
}

/** The categories of what a filter finds, those with most products first. */
export async function facets(redis, filter) {
  const REDUCE = [
    { type: "COUNT", AS: "products" },
    { type: "MIN", property: "@price", AS: "from" },
    { type: "MAX", property: "@price", AS: "to" },
  ];
  const STEPS = [{ type: "GROUPBY", properties: "@category", REDUCE }, { type: "SORTBY", BY: ["@products", "DESC"], MAX: 10 }];
  const { results } = await redis.ftAggregate(INDEX, wanted({ ...filter, category: null }), { STEPS });
  // Aggregations return texts.
  return results.map(({ category, products, from, to }) => ({ category, products: Number(products), from: Number(from), to: Number(to) }));
}

/** One step on the server, so that two pages do not both sell the last piece. */
const TAKE = `
  local left = redis.call("JSON.GET", KEYS[1], "$.left")
  left = left and cjson.decode(left)[1] - ARGV[1] or -1
  if left >= 0 then redis.call("JSON.SET", KEYS[1], "$.left", left) end
  return left`;

/** Sells pieces; returns how many are left then, or null if there are not enough. */
export async function sell(redis, { id, category }, count) {
  const left = await redis.eval(TAKE, [keyOf(id)], [count]);
  if (left < 0) return null;
  // Two sales in one millisecond are one sample.
  await redis.tsAdd(`catalog:sold:${id}`, "*", count, { ON_DUPLICATE: "SUM", RETENTION: 30 * 86_400_000, LABELS: { of: "catalog", category } });
  return left;
}

/** How many pieces were sold in each hour, by category. */
export async function soldByHour(redis, since) {
  const all = await redis.tsMRange(since, "+", "of=catalog", { AGGREGATION: ["sum", 3_600_000], GROUPBY: ["category", "sum"] });
  return all.flatMap(({ labels, samples }) => samples.map(({ timestamp, value }) => ({ category: labels.category, at: timestamp, sold: value })));
}

/** Notes a visitor of a product; returns whether they are new to the catalogue. Neither the filter nor the counter can tell who was there. */
export async function visit(redis, { id }, visitor) {
  const [isNew] = await Promise.all([redis.bfAdd("catalog:seen", visitor), redis.pfAdd(`catalog:visitors:${id}`, visitor)]);
  return isNew;
}

/** How many have looked at one of these products: about 1 % more or less. */
export const visitors = (redis, products) => redis.pfCount(products.map(({ id }) => `catalog:visitors:${id}`));
