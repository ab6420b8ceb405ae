import { randomInt } from 'node:crypto'

/** Short words that are hard to mishear or misspell over the telephone; no two of them sound alike. */
export const WORDS: readonly string[] = `
acorn actor agent album alder almond amber anchor angle ankle anvil apple apron arch arena arrow aspen atlas attic autumn
badge bagel baker bamboo banjo barley barn basin basket baton beacon beetle bench bike birch bishop bison blanket blossom bonus
border bottle boulder bracket bramble branch brass breeze brick bridge broom brush bubble bucket budget bugle bundle butter button
cabin cactus camel camera canal candle canoe canvas canyon carbon cargo carpet castle catalog cedar cement chalk chapel cherry chess
chimney chorus cider cinema circle citrus clinic clock cloud clover cobalt cobra cocoa coffee comet compass concert copper coral
corner cotton coyote crab cradle crane crater crayon cricket crown crystal cupboard curtain cushion cycle daisy dancer delta desert
diamond dinner dock doctor dolphin domino donkey dragon drawer drum eagle easel echo eclipse elbow elephant ember emerald engine
envelope evening fabric falcon farmer feather fender ferry fiddle field finch finger fjord flag flame flannel flint flute fog
forest fossil fountain fox frost galaxy garden garlic garnet gate ginger glacier globe glove goblet golf grain granite grape gravel
guitar gull hammer hammock harbor harvest hazel hedge helmet heron hickory hill hockey hollow honey hotel igloo indigo infant
insect iron island ivory ivy jacket jaguar jasmine jelly jigsaw jockey jungle juniper kayak kettle kitchen kite kiwi koala
ladder lagoon lamp lantern laptop laser laurel lava lemon lentil leopard lettuce library lilac lime linen lion lizard lobster
locket lotus lumber lunch magnet magpie mango manor maple marble market marsh meadow medal melon mercury meteor mint mirror mitten
monkey moon morning mosaic moss motor mountain muffin museum mustard napkin nectar needle neon nickel north notebook nutmeg
oasis oboe ocean olive onion opal opera orange orbit orchard orchid organ osprey otter oven owl oxygen oyster paddle
palace panda panther paper parade parcel parrot parsley pasta pebble pelican pencil penguin pepper piano picnic pigeon pillow pilot
pine pitcher planet plank plaza plum pocket poem polar pond poppy porch potato prairie prism pudding pumpkin puppet puzzle
pyramid quartz queen quill rabbit radar radish raft rainbow raven ribbon ridge river robin rocket rooster rose ruby
saddle saffron salad salmon sandal sapphire satin saturn scarf school scooter scout seal shadow shamrock shelf sherbet shovel shuttle
silver sketch slate sled slipper snail soccer socket sofa spark sparrow spider spinach spiral spoon spring spruce square squid stable
statue stork storm stove strand straw studio sugar summer sunset swan table tandem tango temple tennis thimble thistle thunder ticket
tide tiger timber toast tomato topaz torch tower tractor trail trumpet tulip tundra tunnel turbine turtle tweed twig umbrella
uncle valley vanilla velvet vessel victor village violet violin walnut walrus wander water wheat whistle willow window winter wizard
wolf yarn yellow yogurt zebra zigzag zinc zipper`
  .trim()
  .split(/\s+/)

const word = (): string => WORDS[randomInt(WORDS.length)] ?? ''

/** A new password that one can read over the telephone, such as `tide-amber-plank-41`: more than 2^32 are possible. */
export function makePassword(): string {
  return `${word()}-${word()}-${word()}-${randomInt(10, 100)}`
}
