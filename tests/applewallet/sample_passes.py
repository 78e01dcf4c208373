"""Passes of every style as they should be; together they hold every key and tag of apple-wallet.md §B.2-§B.7."""

from tests.applewallet.samples import TOKEN, every, scales

NFC_KEY = "MDkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDIgACjlM7b6C/e0YluzBmfAH7YH75+LioD+9bMAYocDGHsqM="
PASS_FILES = {**scales("icon", 38, 38), **scales("logo", 160, 50)}


def a_pass(style, fields=None, **more):
    """A small pass of a style."""
    needed = {"transitType": "PKTransitTypeTrain"} if style == "boardingPass" else {}
    return {
        "formatVersion": 1,
        "passTypeIdentifier": "pass.com.example.shop",
        "serialNumber": "7c1f7cf0",
        "teamIdentifier": "A1B2C3D4E5",
        "organizationName": "Lab Coffee",
        "description": "Lab Coffee card",
        "webServiceURL": "https://wallet.example:8443/w/acme/",
        "authenticationToken": TOKEN,
        style: {**needed, **(fields or {"primaryFields": [{"key": "title", "value": "Coffee"}]})},
        **more,
    }


QR_OF_PASS = {
    "format": "PKBarcodeFormatQR",
    "message": "WLT-1",
    "messageEncoding": "iso-8859-1",
    "altText": "WLT-1",
}
STORE_CARD = a_pass(
    "storeCard",
    {
        "headerFields": [{"key": "points", "label": "Points", "value": 75, "changeMessage": "%@ points now"}],
        "primaryFields": [{"key": "member", "label": "Member", "value": "Emma Brown"}],
        "secondaryFields": [
            {"key": "worth", "label": "Worth", "value": 3.75, "currencyCode": "EUR"},
            {"key": "level", "label": "Level", "value": 0.4, "numberStyle": "PKNumberStylePercent"},
        ],
        "auxiliaryFields": [
            {
                "key": "since",
                "label": "Since",
                "value": "2026-08-01T10:00+02:00",
                "dateStyle": "PKDateStyleMedium",
                "timeStyle": "PKDateStyleNone",
                "isRelative": False,
                "ignoresTimeZone": True,
                "textAlignment": "PKTextAlignmentRight",
            }
        ],
        "backFields": [
            {
                "key": "site",
                "label": "Site",
                "value": "https://shop.example",
                "attributedValue": '<a href="https://shop.example">Our shop</a>, 1 < 2',
                "dataDetectorTypes": ["PKDataDetectorTypeLink"],
            },
            {"key": "mail", "value": "shop@example.com", "dataDetectorTypes": []},
        ],
    },
    barcodes=[QR_OF_PASS],
    backgroundColor="rgb(32, 64, 128)",
    foregroundColor="rgb(255,255,255)",
    labelColor="rgb( 200, 200, 0 )",
    logoText="Lab Coffee",
    suppressStripShine=False,
    sharingProhibited=True,
    locations=[{"latitude": 52.09, "longitude": 5.12, "altitude": 3, "relevantText": "Coffee is near"}],
    maxDistance=200,
    beacons=[
        {
            "proximityUUID": "a1b2c3d4-0000-4000-8000-0123456789ab",
            "major": 1,
            "minor": 65535,
            "relevantText": "At the bar",
        }
    ],
    associatedStoreIdentifiers=[1234567890],
    appLaunchURL="shop://card",
    userInfo={"anything": [1, None, {"goes": True}]},
    semantics={
        "balance": {"amount": "3.75", "currencyCode": "EUR"},
        "wifiAccess": [{"ssid": "Lab Coffee", "password": "espresso"}],
    },
    featuredActions=[
        {"identifier": "shop", "type": "shop", "url": "https://shop.example"},
        {"identifier": "bar", "type": "place", "placeIdentifier": "I1234"},
    ],
)
COUPON = a_pass(
    "coupon",
    {
        "primaryFields": [{"key": "offer", "label": "Free", "value": "Cappuccino"}],
        "auxiliaryFields": [
            {"key": "expires", "value": "2026-12-31T23:59:00Z", "dateStyle": "PKDateStyleShort", "isRelative": True}
        ],
    },
    barcodes=[{**QR_OF_PASS, "message": "Käse € 5", "messageEncoding": "utf-8"}],
    expirationDate="2026-12-31T23:59:00Z",
    voided=False,
    semantics={"totalPrice": {"amount": "0", "currencyCode": "EUR"}},
)
GENERIC = a_pass(
    "generic",
    {
        "primaryFields": [{"key": "name", "value": "Emma Brown"}],
        "secondaryFields": [{"key": f"s{number}", "value": number} for number in range(4)],
        "auxiliaryFields": [{"key": f"a{number}", "value": ""} for number in range(4)],
    },
    barcodes=[{**QR_OF_PASS, "format": "PKBarcodeFormatPDF417"}, {**QR_OF_PASS, "format": "PKBarcodeFormatCode128"}],
    relevantDate="2026-08-01T20:00:00Z",
)
PLACE = {"latitude": 52.09, "longitude": 5.12}
EVENT_TAGS = {
    "eventType": "PKEventTypeLivePerformance",
    "eventName": "Coffee and jazz",
    "eventStartDate": "2026-08-01T20:00:00+02:00",
    "eventEndDate": "2026-08-01T23:00:00+02:00",
    "eventStartDateInfo": {
        "date": "2026-08-01T20:00:00+02:00",
        "ignoreTimeComponents": False,
        "timeZone": "Europe/Amsterdam",
        "unannounced": False,
        "undetermined": False,
    },
    "venueLocation": PLACE,
    "performerNames": ["The Beans"],
    "artistIDs": ["1"],
    "albumIDs": ["2"],
    "playlistIDs": ["3"],
    "tailgatingAllowed": False,
    "airplay": [{"airplayDeviceGroupToken": "t"}],
    "silenceRequested": True,
    "duration": 10800,
    "seats": [
        {
            "seatAisle": "1",
            "seatDescription": "Balcony",
            "seatIdentifier": "B-7",
            "seatLevel": "2",
            "seatNumber": "7",
            "seatRow": "B",
            "seatSection": "Left",
            "seatSectionColor": "rgb(10, 20, 30)",
            "seatType": "Reserved",
        }
    ],
    **every(
        "eventLiveMessage venueName venueRoom venueRegionName venuePhoneNumber venueEntrance venueEntranceDoor"
        " venueEntranceGate venueEntrancePortal entranceDescription genre admissionLevel admissionLevelAbbreviation"
        " attendeeName additionalTicketAttributes sportName leagueName leagueAbbreviation homeTeamName"
        " homeTeamLocation homeTeamAbbreviation awayTeamName awayTeamLocation awayTeamAbbreviation",
        "text",
    ),
    **{
        f"venue{name}Date": "2026-08-01T18:00:00+02:00"
        for name in ("BoxOfficeOpen", "Close", "DoorsOpen", "FanZoneOpen", "GatesOpen", "Open", "ParkingLotsOpen")
    },
}
EVENT_TICKET = a_pass(
    "eventTicket",
    {
        "primaryFields": [{"key": "event", "value": "Coffee and jazz"}],
        "auxiliaryFields": [{"key": f"a{number}", "value": "x", "row": number // 4} for number in range(8)],
    },
    barcodes=[QR_OF_PASS],
    groupingIdentifier="jazz",
    relevantDates=[{"startDate": "2026-08-01T19:00:00Z", "endDate": "2026-08-01T23:00:00Z"}],
    semantics=EVENT_TAGS,
)
BOARDING_TAGS = {
    "flightNumber": 1234,
    "passengerName": every(
        "givenName familyName middleName namePrefix nameSuffix nickname phoneticRepresentation", "Emma"
    ),
    "silenceRequested": False,
    "duration": 3600.5,
    "internationalDocumentsAreVerified": True,
    "passengerCapabilities": ["PKPassengerCapabilityPreboarding", "PKPassengerCapabilityCarryon"],
    "passengerEligibleSecurityPrograms": ["PKTransitSecurityProgramTSAPreCheck", "PKTransitSecurityProgramCLEAR"],
    **every(
        "airlineCode flightCode confirmationNumber boardingGroup boardingSequenceNumber boardingZone priorityStatus"
        " securityScreening membershipProgramName membershipProgramNumber membershipProgramStatus transitProvider"
        " transitStatus transitStatusReason vehicleName vehicleNumber vehicleType carNumber ticketFareClass"
        " internationalDocumentsVerifiedDeclarationName",
        "text",
    ),
    **every("loungePlaceIDs passengerAirlineSSRs passengerInformationSSRs passengerServiceSSRs", ["x"]),
    **{
        f"{end}{name}": "text"
        for end in ("departure", "destination")
        for name in every(
            "AirportCode AirportName CityName Gate Terminal Platform StationName LocationDescription LocationTimeZone",
            "",
        )
    },
    **{f"{end}Location": PLACE for end in ("departure", "destination")},
    **{f"{end}LocationSecurityPrograms": ["PKTransitSecurityProgramOSS"] for end in ("departure", "destination")},
    **{
        f"{which}{what}Date": "2026-08-01T20:00:00Z"
        for which in ("original", "current")
        for what in ("Departure", "Arrival", "Boarding")
    },
}
BOARDING_PASS = a_pass(
    "boardingPass",
    {
        "transitType": "PKTransitTypeAir",
        "headerFields": [{"key": "gate", "value": "B7", "semantics": {"departureGate": "B7"}}],
        "primaryFields": [{"key": "from", "value": "AMS"}, {"key": "to", "value": "LIS"}],
        "auxiliaryFields": [{"key": f"a{number}", "value": "x"} for number in range(5)],
    },
    barcodes=[{**QR_OF_PASS, "format": "PKBarcodeFormatAztec"}],
    preferredStyleSchemes=["semanticBoardingPass", "boardingPass"],
    semantics=BOARDING_TAGS,
    **every(
        "changeSeatURL entertainmentURL managementURL purchaseAdditionalBaggageURL purchaseLoungeAccessURL"
        " purchaseWifiURL registerServiceAnimalURL reportLostBagURL requestWheelchairURL trackBagsURL upgradeURL"
        " transitProviderWebsiteURL",
        "https://air.example/x",
    ),
    transitProviderEmail="air@example.com",
    transitProviderPhoneNumber="+31",
)
POSTER_LINKS = {
    **every(
        "accessibilityURL addOnURL bagPolicyURL contactVenueWebsite directionsInformationURL merchandiseURL"
        " orderFoodURL parkingInformationURL purchaseParkingURL sellURL transferURL transitInformationURL",
        "https://hall.example/x",
    ),
    "contactVenueEmail": "hall@example.com",
    "contactVenuePhoneNumber": "+31",
}
POSTER_TICKET = a_pass(
    "eventTicket",
    {
        "primaryFields": [{"key": "event", "value": "Coffee and jazz"}],
        "additionalInfoFields": [{"key": "info", "value": "Bring a cup"}],
    },
    preferredStyleSchemes=["posterEventTicket", "eventTicket"],
    semantics=EVENT_TAGS,
    nfc={"message": "ticket-1", "encryptionPublicKey": NFC_KEY, "requiresAuthentication": False},
    eventLogoText="Jazz",
    footerBackgroundColor="rgb(0, 0, 0)",
    suppressHeaderDarkening=True,
    useAutomaticColors=True,
    auxiliaryStoreIdentifiers=[1234567890],
    upcomingPassInformation=[
        {
            "identifier": "second-night",
            "name": "Second night",
            "type": "event",
            "isActive": True,
            "dateInformation": {
                "date": "2026-08-02T20:00:00Z",
                "ignoreTimeComponents": False,
                "isAllDay": False,
                "isUnannounced": False,
                "isUndetermined": False,
                "timeZone": "Europe/Amsterdam",
            },
            "semantics": {"eventName": "Second night", "venuePlaceID": "I1234"},
            "images": {
                "headerImage": {
                    "URLs": [
                        {"URL": "https://hall.example/a.png", "SHA256": "0" * 64, "scale": 2, "size": 2 * 1024 * 1024}
                    ],
                    "reuseExisting": False,
                },
                "venueMap": {
                    "URLs": [{"URL": "https://hall.example/map.png", "SHA256": "F" * 64}],
                    "reuseExisting": True,
                },
            },
            "URLs": POSTER_LINKS,
            "additionalInfoFields": [{"key": "info", "value": "x"}],
            "backFields": [{"key": "back", "value": "x"}],
            "auxiliaryStoreIdentifiers": [1],
        }
    ],
    **POSTER_LINKS,
)
POSTER_GENERIC = {
    **STORE_CARD,
    "posterGeneric": {
        "headerFields": [{"key": "points", "value": 75}],
        "primaryFields": [{"key": f"p{number}", "value": "x"} for number in range(4)],
        "footerFields": [{"key": f"f{number}", "value": "x"} for number in range(2)],
        "additionalInfoFields": [{"key": "info", "value": "x"}],
        "backFields": [{"key": "back", "value": "x"}],
    },
}
PASSES = {
    "coupon": COUPON,
    "store card": STORE_CARD,
    "generic": GENERIC,
    "event ticket": EVENT_TICKET,
    "boarding pass": BOARDING_PASS,
    "poster event ticket": POSTER_TICKET,
    "poster generic": POSTER_GENERIC,
}
