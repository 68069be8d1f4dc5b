package archive

// object is a kind of JSON object in an export.
type object uint8

const (
	anyObject object = iota // of no meaning here: metadata, config, accountInfo, …
	document
	dateRange
	project
	metricObject
	connectionObject
	dashboardObject
	widgetObject
	auditLogObject
	objectCount
)

// String is how messages call the object.
func (o object) String() string {
	switch {
	case o.isRecord():
		return "a " + o.kind().String()
	case o == document:
		return "the document"
	case o == dateRange:
		return "dateRange"
	case o == project:
		return "project"
	}
	return "an object"
}

func (o object) isRecord() bool { return o >= metricObject }

// kind is the type of a record; o is one.
func (o object) kind() kind { return kind(o - metricObject) }

// want is what the value of a field has to be.
type want uint8

const (
	wantAny    want = iota
	wantText        // a string that is not empty
	wantID          // a text that no other record of the type has
	wantNumber      // a number or null
	wantTime        // epoch milliseconds, or RFC 3339 as a string, or null
	wantMoment      // a time, not null, that the date range governs
	wantObject      // of field.object, or null
	wantArray       // of objects of field.object, or null
)

// String is how messages call what is wanted.
func (w want) String() string {
	switch w {
	case wantText, wantID:
		return "a text"
	case wantNumber:
		return "a number"
	case wantTime, wantMoment:
		return "a time in milliseconds or RFC 3339"
	case wantObject:
		return "an object"
	case wantArray:
		return "a list"
	}
	return "a value"
}

// present is a set of required fields, each a bit in its object.
type present uint8

// field is a member of an object of a known kind.
type field struct {
	name    string
	want    want
	object  object  // what wantObject and wantArray hold; whose wantID it is
	need    present // not 0: the field is required
	element bool    // an element of the list name
	text    textOf  // which text, and which time, of its record the value is
	time    timeOf
}

// fields are the members that are looked at: what an analysis cannot do
// without, and times. Every other member may be there or not, and be anything.
func (o object) fields() []field {
	switch o {
	case document:
		return []field{
			{name: "exportedAt", want: wantTime},
			{name: "dateRange", want: wantObject, object: dateRange},
			{name: "project", want: wantObject, object: project},
			{name: "metrics", want: wantArray, object: metricObject},
			{name: "connections", want: wantArray, object: connectionObject},
			{name: "dashboards", want: wantArray, object: dashboardObject},
			{name: "auditLogs", want: wantArray, object: auditLogObject},
		}
	case dateRange:
		return []field{{name: "startDate", want: wantTime, time: timeStart}, {name: "endDate", want: wantTime, time: timeEnd}}
	case project:
		return []field{{name: "createdAt", want: wantTime, time: timeCreated}}
	case metricObject:
		return []field{
			{name: "id", want: wantID, object: metricObject, need: 1},
			{name: "metricId", want: wantText, need: 2, text: textKey},
			{name: "metricName", text: textName},
			{name: "value", want: wantNumber, need: 4},
			{name: "unit", text: textUnit},
			{name: "timestamp", want: wantMoment, need: 8, time: timeMoment},
			{name: "service", text: textService},
			{name: "dataQuality", text: textQuality},
			{name: "createdAt", want: wantTime, time: timeCreated},
		}
	case connectionObject:
		return []field{
			{name: "id", want: wantID, object: connectionObject, need: 1, text: textID},
			{name: "service", want: wantText, need: 2, text: textService},
			{name: "serviceName", text: textName},
			{name: "category", text: textCategory},
			{name: "authType", text: textType},
			{name: "status", text: textStatus},
			{name: "lastSyncedAt", want: wantTime, time: timeSync},
			{name: "createdAt", want: wantTime, time: timeCreated},
		}
	case dashboardObject:
		return []field{
			{name: "id", want: wantID, object: dashboardObject, need: 1, text: textID},
			{name: "name", want: wantText, need: 2, text: textName},
			{name: "type", text: textType},
			{name: "category", text: textCategory},
			{name: "createdAt", want: wantTime, time: timeCreated},
			{name: "updatedAt", want: wantTime, time: timeUpdated},
			{name: "widgets", want: wantArray, object: widgetObject},
		}
	case widgetObject:
		return []field{
			{name: "id", want: wantID, object: widgetObject, need: 1, text: textID},
			{name: "type", text: textType},
			{name: "title", text: textName},
			{name: "createdAt", want: wantTime, time: timeCreated},
		}
	case auditLogObject:
		return []field{
			{name: "id", want: wantID, object: auditLogObject, need: 1},
			{name: "userId", text: textUser},
			{name: "action", want: wantText, need: 2, text: textAction},
			{name: "resource", text: textResource},
			{name: "resourceId", text: textTarget},
			{name: "createdAt", want: wantMoment, need: 4, time: timeMoment},
		}
	}
	return nil
}

// field finds a member by its name. Members that the page does not show, or
// shows without a promise, are the zero field.
func (o object) field(name []byte) field {
	for _, f := range o.fields() {
		if f.name == string(name) {
			return f
		}
	}
	return field{}
}

// needs are the required members.
func (o object) needs() present {
	var all present
	for _, f := range o.fields() {
		all |= f.need
	}
	return all
}
