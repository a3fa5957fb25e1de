// Finding a time zone by name, city, abbreviation or offset.
//
// A text may mean several zones: GMT-5 is no name but an offset, and the zone Etc/GMT-5 is five hours
// east; IST is said in Ireland, Israel and India. Only a text with one meaning chooses a zone.
'use strict';

/** Areas whose names exist for old software only, or say no place. They come last in lists. */
const LEGACY_AREAS = ['Etc', 'US', 'Canada', 'Brazil', 'Chile', 'Mexico'];
/** Countries and large cities that are no part of their zone's name. They are proposed and never chosen without a look. */
const PLACES = Object.entries({
  'America/Chicago': 'Houston, Dallas, Austin, San Antonio, Minneapolis, New Orleans',
  'America/Los_Angeles': 'San Francisco, San Diego, San Jose, Seattle, Portland, Las Vegas, LA',
  'America/New_York': 'NYC, Boston, Philadelphia, Washington DC, Miami, Atlanta, Orlando',
  'America/Sao_Paulo': 'Rio de Janeiro, Brasilia, Belo Horizonte',
  'America/Toronto': 'Ottawa, Montreal, Quebec',
  'America/Denver': 'Salt Lake City, Albuquerque',
  'Asia/Dubai': 'United Arab Emirates, UAE, Abu Dhabi',
  'Asia/Ho_Chi_Minh': 'Vietnam, Hanoi',
  'Asia/Jerusalem': 'Tel Aviv, Haifa',
  'Asia/Karachi': 'Pakistan, Lahore, Islamabad',
  'Asia/Kolkata': 'India, Mumbai, Bombay, Delhi, New Delhi, Bangalore, Bengaluru, Chennai, Hyderabad, Pune, Ahmedabad',
  'Asia/Dhaka': 'Bangladesh',
  'Asia/Kathmandu': 'Nepal',
  'Asia/Manila': 'Philippines, Quezon City, Cebu',
  'Asia/Bangkok': 'Thailand',
  'Asia/Jakarta': 'Indonesia, Bandung, Surabaya',
  'Asia/Kuala_Lumpur': 'Malaysia',
  'Asia/Seoul': 'South Korea, Korea, Busan',
  'Asia/Shanghai': 'China, Beijing, Peking, Shenzhen, Guangzhou',
  'Asia/Tbilisi': 'Georgia',
  'Asia/Tokyo': 'Osaka, Kyoto, Yokohama',
  'Africa/Johannesburg': 'South Africa, Cape Town, Durban, Pretoria',
  'Africa/Lagos': 'Nigeria, Abuja',
  'Africa/Nairobi': 'Kenya, Mombasa',
  'Africa/Casablanca': 'Morocco, Rabat, Marrakesh',
  'Europe/Amsterdam': 'Netherlands, Holland, Rotterdam, The Hague, Utrecht',
  'Europe/Athens': 'Greece, Thessaloniki',
  'Europe/Berlin': 'Germany, Deutschland, Munich, München, Hamburg, Frankfurt, Cologne, Köln, Stuttgart, Düsseldorf, Leipzig',
  'Europe/Brussels': 'Belgium, Antwerp, Ghent',
  'Europe/Bucharest': 'Romania',
  'Europe/Budapest': 'Hungary',
  'Europe/Copenhagen': 'Denmark, Aarhus',
  'Europe/Helsinki': 'Finland, Tampere',
  'Europe/Istanbul': 'Türkiye, Ankara, Izmir',
  'Europe/Kyiv': 'Ukraine, Lviv, Odesa',
  'Europe/Lisbon': 'Porto',
  'Europe/London': 'UK, United Kingdom, England, Scotland, Wales, Manchester, Birmingham, Edinburgh, Glasgow, Liverpool',
  'Europe/Madrid': 'Spain, España, Barcelona, Valencia, Sevilla',
  'Europe/Oslo': 'Norway, Bergen',
  'Europe/Paris': 'France, Lyon, Marseille, Toulouse, Bordeaux, Nice, Lille, Strasbourg',
  'Europe/Prague': 'Czechia, Czech Republic, Brno',
  'Europe/Rome': 'Italy, Italia, Milan, Milano, Naples, Turin, Florence, Venice',
  'Europe/Sofia': 'Bulgaria',
  'Europe/Stockholm': 'Sweden, Gothenburg, Malmö',
  'Europe/Vienna': 'Austria, Österreich, Graz, Salzburg, Linz',
  'Europe/Zurich': 'Switzerland, Schweiz, Suisse, Geneva, Genève, Basel, Bern, Lausanne',
  'Pacific/Auckland': 'New Zealand, Wellington, Christchurch',
}).map(([zone, places]) => [zone, places.split(', ').map(foldZone)]);
/** A shorter beginning of a place proposes nothing. */
const SHORTEST_PLACE = 2;
/** A shorter beginning of a name chooses nothing, also where only one name begins so. */
const SHORTEST_BEGINNING = 3;

const offsetText = (minutes) => `UTC${minutes < 0 ? '−' : '+'}${String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0')}:${String(Math.abs(minutes) % 60).padStart(2, '0')}`;

/** A text without letter case and accents, its words separated by `_`. */
function foldZone(text) {
  return text.trim().normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().replace(/[\s_]+/g, '_');
}

/** The minutes from UTC that a text such as `-5`, `UTC+5:30` or `GMT+0545` says; null: it says none. */
function offsetIn(text) {
  const parts = /^(?:utc|gmt)?_?([+-])_?(\d{1,2})(?::?(\d{2}))?$/.exec(foldZone(text).replaceAll('−', '-'));
  if (parts === null) return null;
  const minutes = Number(parts[2]) * 60 + Number(parts[3] ?? 0);
  return parts[1] === '-' ? -minutes : minutes;
}

/** How well a zone's name fits a folded text, 0 best; null: it does not. */
function fit(name, wanted) {
  const folded = foldZone(name);
  const city = folded.split('/').at(-1);
  if (folded === wanted) return 0;
  if (city === wanted) return 1;
  if (city.startsWith(wanted) || folded.startsWith(wanted)) return 2;
  const words = folded.split(/[/_-]/);
  return wanted.split(/[/_-]/).every((part) => words.some((word) => word.startsWith(part))) ? 3 : null;
}

const isLegacy = ({ name }) => !name.includes('/') || LEGACY_AREAS.includes(name.split('/')[0]);
const haveOneRule = (zones) => zones.every(({ rules }) => rules === zones[0].rules);

/** Sorts by how well zones fit; places before names of old software. */
function sorted(candidates) {
  const order = (one, other) => one.rank - other.rank || isLegacy(one.zone) - isLegacy(other.zone) || (one.zone.name < other.zone.name ? -1 : 1);
  return candidates.sort(order).map(({ zone }) => zone);
}

/**
 * The zones that a text may mean, best first; the one that it does mean, or null; and where there is
 * none, why. `isName`: the text is the name of a zone, though it may mean others too.
 */
function searchZones(zones, text) {
  const offset = offsetIn(text);
  if (offset !== null) {
    const found = sorted(zones.filter((zone) => zone.offset === offset).map((zone) => ({ zone, rank: 0 })));
    const note = found.length === 0 ? `No time zone is at ${offsetText(offset)} now.` : `${found.length} names are at ${offsetText(offset)} now, with different changes of the clock. Choose a place.`;
    return { found, choice: null, note, isName: zones.some(({ name }) => foldZone(name) === foldZone(text)) };
  }
  const wanted = foldZone(text);
  const isSaid = (zone) => zone.abbreviations.toLowerCase().split(' ').includes(wanted);
  const candidates = zones.map((zone) => ({ zone, rank: fit(zone.name, wanted) ?? (isSaid(zone) ? 1 : null) })).filter(({ rank }) => rank !== null);
  const places = wanted.length < SHORTEST_PLACE ? [] : PLACES.filter(([, names]) => names.some((name) => name.startsWith(wanted)));
  for (const [place, names] of places) {
    // After a zone's own city, before what only begins so.
    const rank = names.includes(wanted) ? 1.3 : 1.6;
    const known = candidates.find(({ zone }) => zone.name === place);
    const zone = known?.zone ?? zones.find(({ name }) => name === place);
    if (known !== undefined) known.rank = Math.min(known.rank, rank);
    else if (zone !== undefined) candidates.push({ zone, rank });
  }
  for (const candidate of candidates) if (candidate.rank > 1 && isSaid(candidate.zone)) candidate.rank = 1;
  const found = sorted(candidates);
  const named = candidates.find(({ rank }) => rank === 0)?.zone;
  const said = wanted === '' ? [] : zones.filter(isSaid);
  const result = (choice, note) => ({ found, choice, note, isName: named !== undefined });
  if (named !== undefined && /^etc\/gmt[+-]\d/.test(wanted) && named.offset !== 0) {
    return result(null, `${named.name} is at ${offsetText(named.offset)}: the sign in its name means the opposite. Choose it in the list, or choose a place.`);
  }
  if (said.length > 0 && !(named !== undefined && haveOneRule([named, ...said]))) {
    return result(null, `“${text.trim()}” is an abbreviation that ${said.length} names share. Choose a place.`);
  }
  if (named !== undefined) return result(named, '');
  if (found.length === 0) return result(null, 'No time zone has this name, city, abbreviation or offset. Try a large city near by.');
  const cities = candidates.filter(({ rank }) => rank === 1);
  const beginnings = wanted.length < SHORTEST_BEGINNING || places.length > 0 ? [] : candidates.filter(({ rank }) => rank === 2);
  const best = sorted(cities.length > 0 ? cities : beginnings);
  const choice = best.length > 0 && haveOneRule(best) ? best[0] : null;
  return result(choice, choice === null ? `“${text.trim()}” fits ${found.length} names. Choose one.` : '');
}
