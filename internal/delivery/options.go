package delivery

import (
	"maps"
	"reflect"
	"slices"

	"fob/internal/fob"
)

// decode fills the fields of a struct with the options named in their tags. A bool is true if its
// option is present; the value must then be empty.
func decode(options map[string]string, into any) error {
	v := reflect.ValueOf(into).Elem()
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		fields[v.Type().Field(i).Tag.Get("option")] = v.Field(i)
	}
	for _, name := range slices.Sorted(maps.Keys(options)) {
		field, known := fields[name]
		switch {
		case !known || name == "":
			return fob.Errorf(fob.ErrUsage, "this delivery has no option %q", name).WithHint("fob agent stop, if fob was updated since the agent started")
		case field.Kind() == reflect.Bool && options[name] != "":
			return fob.Errorf(fob.ErrUsage, "the option %q has no value", name)
		case field.Kind() == reflect.Bool:
			field.SetBool(true)
		default:
			field.SetString(options[name])
		}
	}
	return nil
}
