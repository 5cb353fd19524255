# SPDX-License-Identifier: Apache-2.0
"""Everything around the core issue: products, urgency, tone, greetings, closings, fillers, slots.

The choice syntax is that of :mod:`skeletons`.  Only URGENCY decides the priority, only SENTIMENT the
sentiment, only PRODUCTS the product; all other texts carry none of the three.
"""

# canonical name -> mentions (one is drawn for the slot {p})
PRODUCTS = {
    "router": ["router", "mesh router", "home router", "internet box", "gateway", "Orbit 5"],
    "thermostat": ["thermostat", "smart thermostat", "heating controller", "temperature controller", "WarmWise"],
    "doorbell": ["doorbell", "video doorbell", "door bell", "door chime", "ChimeCam"],
    "speaker": ["speaker", "smart speaker", "loudspeaker", "music box", "soundbar", "BoomBar"],
    "headset": ["headset", "gaming headset", "wireless headset", "over-ear headset", "EchoFit"],
    "smartwatch": ["smartwatch", "smart watch", "fitness watch", "sports watch", "wrist tracker", "Pulse 3"],
    "tablet": ["tablet", "tablet computer", "drawing tablet", "reading tablet", "SlatePad"],
    "laptop": ["laptop", "notebook", "notebook computer", "ultrabook", "FeatherBook"],
    "printer": ["printer", "laser printer", "photo printer", "label printer", "InkJoy 40"],
    "monitor": ["monitor", "computer screen", "desk monitor", "27 inch monitor", "ViewMax"],
    "camera": ["camera", "digital camera", "action camera", "travel camera", "SnapShot X"],
    "vacuum": ["vacuum", "vacuum cleaner", "robot vacuum", "hoover", "cleaning robot", "DustBot"],
    "coffee maker": ["coffee maker", "coffee machine", "espresso machine", "capsule machine", "BrewMate"],
    "keyboard": ["keyboard", "mechanical keyboard", "office keyboard", "desk keyboard", "KeyFlow"],
    "phone": ["phone", "smartphone", "mobile phone", "cell phone", "handset", "Nova 7"],
    "projector": ["projector", "home projector", "film projector", "pocket projector", "beamer", "LumaBeam"],
}

# category -> priority when the message has no urgency phrase
DEFAULT_PRIORITY = {
    "delivery": "normal", "refund": "normal", "billing": "high", "account": "high",
    "defect": "high", "setup": "low", "connectivity": "normal", "cancellation": "normal",
    "warranty": "low", "exchange": "normal", "feature": "low", "security": "urgent",
}

URGENCY = {
    "urgent": [
        "[this is|it is|the matter is] [very |extremely |]urgent", "I need [help|an answer|a solution] [right now|immediately|at once]",
        "please [respond|reply|act] [immediately|right away|at once]", "this is an emergency",
        "it cannot wait [until tomorrow|another hour|any longer]", "[urgent|very urgent], please [reply|help] within the hour",
        "I need [someone|a person] on this [within the hour|this very minute]",
    ],
    "high": [
        "please [treat this as|make this|handle it as] [a |a high ]priority",
        "I need [this|it] [sorted|solved|settled] [today|by tomorrow|before the weekend]",
        "please [get back to me|answer|reply] as soon as possible", "[kindly|please] hurry",
        "I [have|am on] a tight deadline", "a [quick|fast|speedy] [reply|answer|solution] is needed",
        "[I count on|I need] an answer [today|by tomorrow|before Friday]",
    ],
    "normal": [
        "[sometime|any time] this week is [fine|good enough|early enough]",
        "an answer [in|within] the next few days [is fine|will do|is enough]",
        "a [normal|standard|regular] response time is [fine|okay]", "please handle it in the [usual|normal] [order|way]",
        "[two or three|a couple of] days for [an answer|a reply] are okay",
    ],
    "low": [
        "[there is |]no [rush|hurry][ at all|]", "[please |]take your time", "it is not urgent[ at all|]",
        "[whenever|any time when] you [have|find] [a moment|some time] is fine", "this can wait [a while|until next month|a few weeks]",
        "[it has|this has] [a |]low priority[ for me|]", "[reply|answer] whenever [it suits you|you can]",
    ],
}

SENTIMENT = {
    "negative": [
        "[I am|I'm] [really|very|so|extremely] [disappointed|frustrated|annoyed|unhappy|angry|upset]",
        "this is [unacceptable|ridiculous|a disgrace|a joke]", "[what|such] [a terrible|an awful|a horrible] [service|experience]",
        "I am [fed up|tired of this|losing my patience]", "I [regret|am sorry] that I ever [bought|ordered] from you",
        "[worst|poorest] [shop|support|company] [ever|I know]", "I [expected|expect] [much better|a lot more] from you",
        "this [drives me mad|makes me furious|is so frustrating]", "[shame on you|how annoying|what a mess]",
        "nobody [cares|seems to care] about [customers|my case]", "I will [never buy here again|tell everyone to avoid you]",
        "[honestly|frankly], I am [shocked|appalled|disgusted]",
    ],
    "neutral": [],
    "positive": [
        "I [love|really like|adore] [your products|your shop|your brand]", "[great|excellent|wonderful|fantastic] [service|support] [so far|as always]",
        "you [have been|are] [wonderful|so helpful|great]", "I am a [very |]happy [customer|user]",
        "[otherwise|apart from that] I am [delighted|thrilled|very pleased]", "[keep up the good work|five stars from me|well done]",
        "your team [is the best|does an amazing job|is fantastic]", "I [always|gladly] recommend you to [friends|everyone]",
        "[it is|always] a pleasure to [shop|deal] with you", "[thumbs up|big praise] for your [shop|team|website]",
        "I [really enjoy|enjoy] [my purchase|shopping here]",
    ],
}

# tone of voice -> how likely each sentiment is, which greetings and closings, how many fillers
TONES = {
    "polite": {
        "weights": (2, 5, 4), "fillers": (0, 2),
        "greet": ["Hello", "Hello there", "Good morning", "Good afternoon", "Hi {team}", "Dear {team}"],
        "lead": ["[could you help me|I hope you can help]", "[I have a question|I have a small issue]", "sorry to bother you", "", ""],
        "close": ["Thank you in advance", "Kind regards, {person}", "Thanks, {person}", "Many thanks", "Best wishes, {person}"],
    },
    "terse": {
        "weights": (3, 6, 1), "fillers": (0, 0),
        "greet": ["", "", "", "Hi", "Hey"], "lead": ["", "", ""], "close": ["", "", "", "Thx", "{person}"],
    },
    "angry": {
        "weights": (1, 0, 0), "fillers": (0, 1),
        "greet": ["", "Listen", "To whom it may concern", "Hello", "So"],
        "lead": ["[again|once more] I have to write to you", "[explain this to me|I want an explanation]", "", ""],
        "close": ["", "", "{person}", "I expect a reply", "Do something"],
    },
    "chatty": {
        "weights": (2, 4, 4), "fillers": (1, 4),
        "greet": ["Hi there", "Hey folks", "Hello everyone", "Hi {team}", "Hiya"],
        "lead": ["so here is my story", "[let me explain|let me tell you what happened]", "I thought I would drop you a line", "", ""],
        "close": ["Cheers, {person}", "Bye for now, {person}", "Take care, {person}", "Have a nice day", "Greetings from {city}"],
    },
    "formal": {
        "weights": (3, 5, 2), "fillers": (0, 2),
        "greet": ["Dear Sir or Madam", "Dear {team}", "To whom it may concern", "Good day"],
        "lead": ["I am writing about the following matter", "[I contact you|I am writing to you] on behalf of {person}", "please note the following", "", ""],
        "close": ["Yours sincerely, {person}", "Yours faithfully, {person}", "With kind regards, {person}", "Regards, {person}"],
    },
}

# sentences that say nothing about the five fields
FILLERS = [
    "I have been a customer since {year}", "my customer number is {order}", "the order number is {order}",
    "I live in {city}", "we are a small [office|family|school] in {city}", "[my name is|this is] {person}",
    "a [friend|colleague] told me to write to you", "I [looked through|read] your [help pages|web site] first",
    "I [bought|ordered] it [on {date}|in {year}|for {amount}]", "I [am at home|can be reached] after {n} o'clock",
    "[you can|feel free to] write back to this address", "I [wrote|talked] to {person} [on {date}|{n} days ago] already",
    "it was a [gift|present] from {person}", "I paid {amount} for it", "{person} from your [store|shop] said I should write here",
    "my [husband|wife|son|daughter|neighbour] [asked me to write|says hello]", "I use it [every day|for work|at weekends]",
    "the weather in {city} is [grey|sunny|cold] as usual", "I hope this is the right [place|address] to ask",
    "I [can|could] send [photos|more details] if you [like|want]", "[sorry|excuse me] for the long [text|mail]",
]

TEAMS = ["team", "support team", "customer service", "support", "all"]
PEOPLE = ["Anna", "Ben", "Carla", "David", "Elena", "Felix", "Grace", "Hassan", "Ines", "Jonas", "Karim", "Lena", "Maria",
          "Noah", "Olga", "Peter", "Quinn", "Rosa", "Samir", "Tina", "Umar", "Vera", "Walter", "Yuki", "Zoe",
          "Mr Brown", "Ms Lopez", "Mrs Chen", "Dr Novak", "Mr Okafor"]
CITIES = ["Berlin", "Lyon", "Oslo", "Madrid", "Porto", "Vienna", "Leeds", "Dublin", "Turin", "Ghent", "Basel", "Krakow",
          "Boston", "Denver", "Austin", "Toronto", "Lagos", "Nairobi", "Osaka", "Perth"]
MONTHS = ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"]
CURRENCIES = ["{} euros", "{} dollars", "${}", "EUR {}", "{} pounds"]

SYSTEM_PROMPTS = [
    "You are a support triage assistant. Answer with one JSON object.",
    "Classify the ticket. Reply with JSON only.",
    "You are a helpful assistant.",
    "Turn each customer message into a JSON object with category, product, priority, sentiment and reply.",
    "You work for the support desk of an electronics shop. For every message write one JSON object with the keys "
    "category, product, priority, sentiment and reply, in this order. Do not write anything else.",
]

# reply = OPENING[sentiment] + ACTION[category] + PROMISE[priority]
OPENING = {
    "negative": "We are sorry for the trouble.",
    "neutral": "Thank you for your message.",
    "positive": "Thank you for the kind words!",
}
ACTION = {
    "delivery": "We will trace the parcel with your {p}",
    "refund": "We will check the refund for your {p}",
    "billing": "We will review the bill for your {p}",
    "account": "We will restore access to your {p} account",
    "defect": "Our technicians will look into your faulty {p}",
    "setup": "We will send the setup steps for your {p}",
    "connectivity": "We will test the connection of your {p}",
    "cancellation": "We will process the cancellation for your {p}",
    "warranty": "We will look up the warranty of your {p}",
    "exchange": "We will arrange an exchange of your {p}",
    "feature": "We will pass on your idea for the {p}",
    "security": "Our security team will examine your {p}",
}
PROMISE = {"urgent": "within one hour.", "high": "today.", "normal": "within two days.", "low": "this week."}
