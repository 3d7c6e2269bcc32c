package document

import (
	"fmt"

	"github.com/airshipit/packer-plugin-airship/api/v1alpha1"
	"github.com/airshipit/packer-plugin-airship/internal/check"
	"github.com/airshipit/packer-plugin-airship/internal/mistake"
)

func (c *checker) cloudInit(cloudInit *v1alpha1.CloudInit) {
	c.problems("spec.cloudInit.userData", check.UserData(cloudInit.UserData)...)
	first := map[string]int{}
	for i, name := range cloudInit.Datasources {
		field := fmt.Sprintf("spec.cloudInit.datasources[%d]", i)
		if earlier, twice := first[name]; twice {
			c.wrong(field, "%s is also in datasources[%d]", mistake.Word(name), earlier)
			continue
		}
		first[name] = i
		c.problems(field, check.Datasource(name))
	}
	c.metaData(cloudInit.MetaData)
}

// metaData checks what every datasource's meta data has alike. Only NoCloud writes hyphens where
// others have underscores.
func (c *checker) metaData(data v1alpha1.Object) {
	for _, key := range []string{"hostname", "local-hostname", "local_hostname"} {
		field := "spec.cloudInit.metaData." + key
		switch value := data[key].(type) {
		case nil:
		case string:
			c.hostname(field, value)
		default:
			c.wrong(field, "want a string, which cloud-init splits at its dots; put it in quotes")
		}
	}
	for _, key := range []string{"instance-id", "instance_id", "uuid"} {
		field := "spec.cloudInit.metaData." + key
		switch value := data[key].(type) {
		case map[string]any, []any, bool:
			c.wrong(field, "want a string, the node's identity")
		case string:
			if value == "" {
				c.wrong(field, "is empty; cloud-init tells by it whether it runs on this node for the first time")
			}
		}
	}
}
