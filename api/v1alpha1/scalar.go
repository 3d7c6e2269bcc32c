package v1alpha1

import (
	"encoding/json"
	"fmt"
)

// Scalar is a value that Airship's documents write as a string, a number or a boolean and
// that ends as text in a configuration file: sysctl values, kernel arguments.
//
// +kubebuilder:validation:XIntOrString
type Scalar string

// UnmarshalJSON takes a string, number or boolean; its text stays as it was written.
func (s *Scalar) UnmarshalJSON(data []byte) error {
	if len(data) == 0 {
		return fmt.Errorf("empty value")
	}
	switch data[0] {
	case '"':
		var text string
		if err := json.Unmarshal(data, &text); err != nil {
			return err
		}
		*s = Scalar(text)
	case '{', '[', 'n':
		return fmt.Errorf("%s is not a string, number or boolean", data)
	default:
		*s = Scalar(data)
	}
	return nil
}

// MarshalJSON writes a string.
func (s Scalar) MarshalJSON() ([]byte, error) { return json.Marshal(string(s)) }
